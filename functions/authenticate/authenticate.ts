import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import type { Run } from '#shared/workflows/run.ts';

export interface AuthenticateDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
}

/**
 * Makes sure that a rule's connection can be signed in to before anything depends on it. Repeatable: a token that is good
 * is left alone.
 */
export const createAuthenticate =
  ({ config, vaultOf }: AuthenticateDependencies) =>
  async ({ workflow, rule, run }: Run): Promise<{ connection: string; expiresAt: string | null }> => {
    const { connection } = ruleOf(config, workflow, rule);
    if (!run.startsWith(`${rule}.`)) {
      throw new RelayError(
        'ConfigurationInvalid',
        `An execution's name must begin with its rule: start it as ${rule}.<anything>, not ${run}, so that runs can tell each other apart.`,
      );
    }
    return { connection, ...(await (await vaultOf(connection)).ensureSignIn()) };
  };
