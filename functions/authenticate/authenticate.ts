import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Provider } from '#shared/connections/provider.ts';
import { RelayError } from '#shared/errors.ts';
import type { Run } from '#shared/workflows/run.ts';

export interface AuthenticateDependencies {
  readonly config: RelayConfig;
  readonly providerOf: (connection: string) => Promise<Provider>;
}

/**
 * Signs in to a rule's connection before anything depends on it. Repeatable: a valid token is kept.
 */
export const createAuthenticate =
  ({ config, providerOf }: AuthenticateDependencies) =>
  async ({ workflow, rule, run }: Run): Promise<{ connection: string; expiresAt: string | null }> => {
    const { connection } = ruleOf(config, workflow, rule);
    if (!run.startsWith(`${rule}.`)) {
      throw new RelayError(
        'ConfigurationInvalid',
        `The name of an execution must begin with its rule. Start it as ${rule}.<unique part>, not ${run}.`,
      );
    }
    return { connection, ...(await (await providerOf(connection)).ensureSignIn()) };
  };
