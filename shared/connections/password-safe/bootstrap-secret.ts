import { type OperatorSecret, unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';

type ReadSecret = ConnectionContext['readSecret'];

/**
 * Reads the bootstrap secret of a connection, which must be text. Repeatable. Raises `BootstrapUnusable`, with the
 * command that fixes it, and any error of the store.
 */
export const readBootstrapSecret = async (
  readSecret: ReadSecret,
  options: Omit<Parameters<ReadSecret>[0], 'kind'>,
): Promise<OperatorSecret> => {
  const described = { ...options, kind: 'bootstrap secret' };
  const secret = await readSecret(described);
  if (secret.form === 'base64') throw unusableContent(described, 'holds binary data');
  return secret;
};
