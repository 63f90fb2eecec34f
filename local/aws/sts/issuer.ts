import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Algorithms of web identity tokens. Source: STS API reference, GetWebIdentityToken, `SigningAlgorithm`. */
export const SIGNING_ALGORITHMS = ['ES384', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** The issuer of an account's web identity tokens. AWS serves it below `tokens.sts.global.api.aws`. */
export interface Issuer {
  /** The `iss` of all tokens, without a trailing slash. */
  readonly url: string;
  /** Signs claims. Returns a JSON Web Token in compact form. */
  sign(claims: Readonly<Record<string, unknown>>, algorithm: SigningAlgorithm): string;
  /** Number of requests for the key set. */
  keySetReads(): number;
  close(): Promise<void>;
}

interface Key {
  /** AWS calls its RSA key so. The name of its other key is not documented. */
  readonly id: string;
  readonly digest: string;
  readonly pair: () => { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** Keys of the process, made on first use: making one takes most of the time of starting an issuer. */
const onFirstUse = <Value>(make: () => Value): (() => Value) => {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const KEYS: Readonly<Record<SigningAlgorithm, Key>> = {
  ES384: {
    id: 'EC384_1',
    digest: 'sha384',
    pair: onFirstUse(() => generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  },
  RS256: { id: 'RSA_1', digest: 'sha256', pair: onFirstUse(() => generateKeyPairSync('rsa', { modulusLength: 2048 })) },
};

const DESCRIPTION = '/.well-known/openid-configuration';
const KEY_SET = '/.well-known/jwks.json';

/** Starts an issuer on the loopback interface. The caller must close it. */
export const startIssuer = async (): Promise<Issuer> => {
  let reads = 0;
  const server = createServer((request, response) => {
    const content = request.method === 'GET' ? CONTENT[request.url ?? '']?.(url) : undefined;
    if (request.url === KEY_SET) reads += 1;
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(content ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The issuer is not listening on a port.');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    sign: signed,
    keySetReads: () => reads,
    async close() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
};

const CONTENT: Readonly<Record<string, (url: string) => unknown>> = {
  [DESCRIPTION]: (url) => ({
    issuer: url,
    jwks_uri: `${url}${KEY_SET}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: SIGNING_ALGORITHMS,
  }),
  [KEY_SET]: () => ({
    keys: SIGNING_ALGORITHMS.map((algorithm) => {
      const { id, pair } = KEYS[algorithm];
      return { ...pair().publicKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: algorithm };
    }),
  }),
};

const signed: Issuer['sign'] = (claims, algorithm) => {
  const { id, digest, pair } = KEYS[algorithm];
  const content = `${encoded({ kid: id, typ: 'JWT', alg: algorithm })}.${encoded(claims)}`;
  const signature = sign(digest, Buffer.from(content), { key: pair().privateKey, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
