import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEncryptedKey } from '#shared/connections/password-safe/private-key.ts';
import { Secret } from '#shared/secret.ts';

/** Assembled here: secret scanners would flag a literal key. */
const pem = (label: string, body: string, headers: readonly string[] = []): string =>
  [`-----BEGIN ${label}-----`, ...headers, body, `-----END ${label}-----`, ''].join('\n');

const openssh = (cipher: string, rest = 'not a key'): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(cipher.length);
  const bytes = Buffer.concat([Buffer.from('openssh-key-v1\0'), length, Buffer.from(cipher + rest)]);
  return pem('OPENSSH PRIVATE KEY', bytes.toString('base64').replace(/.{70}/g, '$&\n'));
};

const BODY = Buffer.from('not a key at all').toString('base64');

describe('a private key', () => {
  it.each([
    ['PKCS#8', pem('ENCRYPTED PRIVATE KEY', BODY)],
    ['OpenSSL', pem('RSA PRIVATE KEY', BODY, ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-256-CBC,00', ''])],
    ['OpenSSH', openssh('aes256-ctr')],
    ['PuTTY', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: aes256-cbc\nComment: none\n'],
  ])('is encrypted if it declares that: %s', (_format, key) => {
    expect(isEncryptedKey(new Secret(key))).toBe(true);
    expect(isEncryptedKey(new Secret(key.replaceAll('\n', '\r\n')))).toBe(true);
  });

  it.each([
    ['PKCS#8', pem('PRIVATE KEY', BODY)],
    ['OpenSSL', pem('RSA PRIVATE KEY', BODY)],
    ['OpenSSH', openssh('none')],
    ['PuTTY', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: ENCRYPTED\n'],
    ['a key with the word elsewhere', `This one is not ENCRYPTED.\n${pem('EC PRIVATE KEY', BODY)}`],
  ])('is plain if it does not: %s', (_format, key) => {
    expect(isEncryptedKey(new Secret(key))).toBe(false);
    expect(isEncryptedKey(new Secret(key.replaceAll('\n', '\r\n')))).toBe(false);
  });

  it.each(['', '!', 'AAAA', Buffer.from('openssh-key-v1\0').toString('base64')])(
    'of OpenSSH with an unreadable cipher counts as encrypted: %j',
    (body) => expect(isEncryptedKey(new Secret(pem('OPENSSH PRIVATE KEY', body)))).toBe(true),
  );

  it('of OpenSSH is classified by the name of its cipher, whatever follows', () => {
    fc.assert(
      fc.property(fc.constantFrom('none', 'aes256-ctr', 'none2', 'nonE'), fc.string(), (cipher, rest) => {
        expect(isEncryptedKey(new Secret(openssh(cipher, rest)))).toBe(cipher !== 'none');
      }),
    );
  });

  it('is classified without an exception, whatever it contains', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('OPENSSH PRIVATE KEY', 'PRIVATE KEY'),
        (text, label) => {
          expect(typeof isEncryptedKey(new Secret(text))).toBe('boolean');
          expect(typeof isEncryptedKey(new Secret(pem(label, text)))).toBe('boolean');
        },
      ),
    );
  });
});
