import { hash } from 'node:crypto';

/** The form of an account's private key, plain or encrypted; each says by itself which, each in a place of its own. */
export type KeyShape = 'rsa' | 'rsa-encrypted' | 'pkcs8-encrypted' | 'openssh' | 'openssh-encrypted';

const LINE = 64;

const wrapped = (base64: string): string[] => base64.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];

/** Nothing of a key is in it; put together here, so that no scanner takes this file for one. */
const pem = (label: string, headers: readonly string[], body: string): string[] => [
  `-----BEGIN ${label}-----`,
  ...headers,
  ...wrapped(body),
  `-----END ${label}-----`,
  '',
];

const noise = (canary: string): string => hash('sha512', canary, 'base64').repeat(4);

const opensshBody = (cipher: string, canary: string): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(cipher.length);
  const parts = [Buffer.from('openssh-key-v1\0'), length, Buffer.from(cipher), hash('sha512', canary, 'buffer')];
  return Buffer.concat(parts).toString('base64');
};

const RENDER: Record<KeyShape, (canary: string) => string[]> = {
  rsa: (canary) => pem('RSA PRIVATE KEY', [], noise(canary)),
  'rsa-encrypted': (canary) =>
    pem('RSA PRIVATE KEY', ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-256-CBC,00', ''], noise(canary)),
  'pkcs8-encrypted': (canary) => pem('ENCRYPTED PRIVATE KEY', [], noise(canary)),
  openssh: (canary) => pem('OPENSSH PRIVATE KEY', [], opensshBody('none', canary)),
  'openssh-encrypted': (canary) => pem('OPENSSH PRIVATE KEY', [], opensshBody('aes256-ctr', canary)),
};

/** The key as text, with the canary as the explanatory text that may stand before a PEM block (RFC 7468, 2). */
export const renderKey = (shape: KeyShape, canary: string): string =>
  [`simulated key ${canary}`, ...RENDER[shape](canary)].join('\r\n');

export const hasPassphrase = (shape: KeyShape): boolean => shape.endsWith('-encrypted');
