import {
  type OperatorSecret,
  type OperatorSecretOptions,
  readOperatorSecret,
  unusableContent,
} from '#shared/runtime/operator-secret.ts';

/**
 * Reads the secret that an operator made for signing in to a vault: text. Repeatable. Raises `BootstrapUnusable`, with
 * the command that helps, and otherwise what the store raises.
 */
export const readBootstrapSecret = async (options: Omit<OperatorSecretOptions, 'kind'>): Promise<OperatorSecret> => {
  const described = { ...options, kind: 'bootstrap secret' };
  const secret = await readOperatorSecret(described);
  if (secret.form === 'base64') throw unusableContent(described, 'holds binary data');
  return secret;
};
