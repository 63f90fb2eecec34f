import { generateKeyPairSync, sign } from 'node:crypto';
import type { WebIdentityTokens } from '#shared/aws/web-identity-token.ts';
import { Secret } from '#shared/secret.ts';

const ISSUER = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws';
const LIFE_SECONDS = 300;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An issuer of tokens in the form of AWS: ES384, the ARN of a role as subject. */
export const createIssuer = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  /** Tokens of the functions with a role. */
  const tokensFor = (subject: string): WebIdentityTokens => ({
    async tokenFor(audience) {
      const seconds = Math.floor(Date.now() / 1000);
      const claims = { iss: ISSUER, sub: subject, aud: audience, iat: seconds, exp: seconds + LIFE_SECONDS };
      const signed = `${encode({ alg: 'ES384', typ: 'JWT', kid: 'EC384_0' })}.${encode(claims)}`;
      const signature = sign('sha384', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return new Secret(`${signed}.${signature.toString('base64url')}`);
    },
  });
  return { issuer: ISSUER, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), tokensFor };
};
