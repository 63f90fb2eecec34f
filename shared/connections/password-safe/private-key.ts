import type { Secret } from '#shared/secret.ts';

/** The kinds of credential that an account has (reference: password-safe-api.md 2.3, query `type`). */
export const CREDENTIAL_KINDS = ['password', 'dsskey'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** PKCS#8 says it in its first line, the older formats of OpenSSL in the first header (RFC 7468, RFC 1421). */
const SAYS_ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4 *, *ENCRYPTED/m;
/** PuTTY's own format names its cipher. */
const PUTTY_CIPHER = /^Encryption: *(\S+)/m;
const OPENSSH_KEY = /^-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)/m;

/** What an OpenSSH key begins with, before the length of its cipher's name and the name (OpenSSH, PROTOCOL.key). */
const OPENSSH_MAGIC = 'openssh-key-v1\0';

/**
 * Whether a private key needs a passphrase, by what it says itself. That of OpenSSH's format is in the binary part; one
 * whose cipher can't be read counts as encrypted: asking for a passphrase costs a call, missing it costs the key.
 */
export const isEncryptedKey = (key: Secret): boolean => {
  const text = key.reveal();
  if (SAYS_ENCRYPTED.test(text)) return true;
  const putty = PUTTY_CIPHER.exec(text)?.[1];
  if (putty !== undefined && text.includes('PuTTY-User-Key-File')) return putty !== 'none';
  const body = OPENSSH_KEY.exec(text)?.[1];
  return body !== undefined && opensshCipher(body) !== 'none';
};

const opensshCipher = (base64: string): string | undefined => {
  const bytes = Buffer.from(base64, 'base64');
  const at = OPENSSH_MAGIC.length + 4;
  if (bytes.length < at || bytes.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return undefined;
  return bytes.toString('latin1', at, at + bytes.readUInt32BE(OPENSSH_MAGIC.length));
};
