import type { Secret } from '#shared/secret.ts';

/** Credential kinds of an account (reference: password-safe-api.md 2.3, query `type`). */
export const CREDENTIAL_KINDS = ['password', 'dsskey'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** PKCS#8 declares encryption in the first line, the older OpenSSL formats in the first header (RFC 7468, RFC 1421). */
const SAYS_ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4 *, *ENCRYPTED/m;
/** PuTTY's format names its cipher. */
const PUTTY_CIPHER = /^Encryption: *(\S+)/m;
const OPENSSH_KEY = /^-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)/m;

/** Start of an OpenSSH key, before the length and the name of its cipher (OpenSSH, PROTOCOL.key). */
const OPENSSH_MAGIC = 'openssh-key-v1\0';

/**
 * True if a private key declares that it is encrypted. OpenSSH stores the cipher in the binary part. An unreadable
 * cipher counts as encrypted: an unneeded read of the passphrase costs one call, a missing passphrase makes the key
 * useless.
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
