import type { ConnectionConfig } from '#shared/config/schema.ts';
import type { ConnectionType, OperatorSecretName } from '#shared/connections/connection-type.ts';

/** Secrets that an operator creates for a connection: those of its type, and that of its proxy. Pure. */
export const operatorSecretsOf = (type: ConnectionType, settings: ConnectionConfig): readonly OperatorSecretName[] => {
  const secret = settings.proxy?.secret;
  const ofProxy = secret === undefined ? [] : [{ path: ['proxy', 'secret'], what: 'secret of the proxy', secret }];
  return [...type.operatorSecrets(settings), ...ofProxy];
};
