import type { OperatorSecret, OperatorSecretOptions } from '#shared/aws/operator-secret.ts';
import type { TokenCache, TokenSource } from '#shared/aws/token-cache.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/**
 * Environment variable with the vault credentials of a connection, in the format of its bootstrap secret. Names of
 * connections contain no underscore, so two of them never share a variable.
 */
export const credentialsVariable = (connection: string): string =>
  `PAM_RELAY_CREDENTIALS_${connection.toUpperCase().replaceAll('-', '_')}`;

export interface CredentialsOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Secret to read instead of the environment. */
  readonly credentialsSecret: string | undefined;
  /** Bootstrap secret of a connection in relay.yaml. */
  readonly bootstrapSecretOf: (connection: string) => string | undefined;
  /** Reads a secret from Secrets Manager. */
  readonly readSecret: (options: Omit<OperatorSecretOptions, 'client'>) => Promise<OperatorSecret>;
}

/**
 * Reads the secrets for signing in to a vault: the vault credentials from the named secret, or from the environment,
 * and all others, such as client certificates, from Secrets Manager by their names in relay.yaml.
 */
export const createReadSecret =
  ({ environment, credentialsSecret, bootstrapSecretOf, readSecret }: CredentialsOptions) =>
  async (connection: string, options: Omit<OperatorSecretOptions, 'client'>): Promise<OperatorSecret> => {
    const bootstrapSecret = bootstrapSecretOf(connection);
    if (options.name !== bootstrapSecret) return readSecret(options);
    if (credentialsSecret !== undefined) {
      const secret = await readSecret({ ...options, name: credentialsSecret });
      return { ...secret, origin: `secret ${credentialsSecret}` };
    }
    const variable = credentialsVariable(connection);
    const value = environment[variable];
    if (value !== undefined && value !== '')
      return { form: 'text', value: new Secret(value), versionId: 'environment', origin: `variable ${variable}` };
    throw new RelayError(
      'BootstrapUnusable',
      `There are no credentials for the connection ${connection}. Name a secret: --credentials-secret ${shellQuote(bootstrapSecret)}. Or set ${variable} to ${options.shape}, for example: read -rs ${variable} && export ${variable}`,
    );
  };

/** Keeps the token of this process alone, so that the token of the stack stays as it is. */
export const createOwnToken = ({ fetchToken }: TokenSource): TokenCache => {
  let fetched: Promise<Secret> | undefined;
  const get = (): Promise<Secret> => {
    fetched ??= fetchToken().then(({ accessToken }) => accessToken);
    return fetched;
  };
  return {
    get,
    async ensure() {
      await get();
      return { expiresAt: new Date().toISOString() };
    },
    async drop() {
      fetched = undefined;
    },
  };
};
