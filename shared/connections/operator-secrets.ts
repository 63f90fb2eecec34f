import type { ConnectionConfig } from '#shared/config/schema.ts';
import type { ConnectionType, OperatorSecretName } from '#shared/connections/connection-type.ts';

/** Name of the bootstrap secret: connections with the same one sign in as the same user. Pure. */
export const bootstrapSecretOf = (type: ConnectionType, settings: ConnectionConfig): string | undefined =>
  type.operatorSecrets(settings).find(({ path }) => path.at(-1) === 'bootstrapSecret')?.secret;

/** Secrets that an operator creates for a connection: those of its type, and that of its proxy. Pure. */
export const operatorSecretsOf = (type: ConnectionType, settings: ConnectionConfig): readonly OperatorSecretName[] => {
  const secret = settings.proxy?.secret;
  const ofProxy = secret === undefined ? [] : [{ path: ['proxy', 'secret'], what: 'secret of the proxy', secret }];
  return [...type.operatorSecrets(settings), ...ofProxy];
};
