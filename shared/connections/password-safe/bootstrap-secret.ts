import { type OperatorSecret, unusableContent } from '#shared/aws/operator-secret.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';

type ReadSecret = ConnectionContext['readSecret'];

/**
 * Reads the secret that an operator made for signing in to a vault: text. Repeatable. Raises `BootstrapUnusable`, with
 * the command that helps, and otherwise what the store raises.
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
