import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../common/calls.ts';
import type { Switches } from './switches.ts';

export const API_SCOPE = 'api.organization';

/** The organization API key, which a person rotates. The secret contains a canary and has 30 characters. */
export interface ApiKey {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The key of an organization after so many rotations. */
export const apiKeyFor = (organizationId: string, seed: number, rotations: number): ApiKey => ({
  clientId: `organization.${organizationId}`,
  clientSecret: `canary-${hash('sha256', `${seed}/${organizationId}/key/${rotations}`).slice(0, 23)}`,
});

/** An issued token. The server itself keeps none: it verifies the signature and the claims. */
export interface IssuedToken {
  readonly number: number;
  readonly text: string;
  readonly expiresAt: number;
}

const CLAIMS = z.object({ number: z.int(), scope: z.array(z.string()), exp: z.int() });

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signed tokens, by default valid until they expire, whatever happens to the key or the organization. */
export class Tokens {
  readonly issued: IssuedToken[] = [];
  readonly #key = randomBytes(32);
  readonly #organizationId: string;
  readonly #now: () => number;
  readonly #switches: Switches;
  #revoked = 0;

  constructor(organizationId: string, now: () => number, switches: Switches) {
    this.#organizationId = organizationId;
    this.#now = now;
    this.#switches = switches;
  }

  issue(scope: readonly string[] = [API_SCOPE]): IssuedToken {
    const number = this.issued.length + 1;
    const seconds = Math.floor(this.#now() / 1000);
    const expires = seconds + this.#switches.tokenSeconds;
    const content = [
      encoded({ alg: 'HS256', typ: 'at+jwt' }),
      encoded({
        nbf: seconds,
        iat: seconds,
        exp: expires,
        client_id: `organization.${this.#organizationId}`,
        client_sub: this.#organizationId,
        type: 'Organization',
        scope,
        number,
        jti: `canary-${randomBytes(12).toString('hex')}`,
      }),
    ].join('.');
    const token = { number, text: `${content}.${this.#sign(content)}`, expiresAt: expires * 1000 };
    this.issued.push(token);
    return token;
  }

  /** Revokes all tokens, where the server does that at all. */
  revoke(): void {
    if (this.#switches.tokensAfterRotation === 'revoked') this.#revoked = this.issued.length;
  }

  /** The claims of a valid token. */
  verify(text: string): z.infer<typeof CLAIMS> | undefined {
    const [, content = '', payload = '', signature = ''] = text.match(/^([\w-]+\.([\w-]+))\.([\w-]+)$/) ?? [];
    const expected = Buffer.from(this.#sign(content));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const claims = CLAIMS.parse(parseJson(Buffer.from(payload, 'base64url').toString()));
    return claims.exp * 1000 > this.#now() && claims.number > this.#revoked ? claims : undefined;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}
