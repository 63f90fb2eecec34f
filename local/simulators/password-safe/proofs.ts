import { randomUUID } from 'node:crypto';
import type { Call } from './calls.ts';
import { newCanary } from './credential-shapes.ts';
import { meetsRules } from './registrations.ts';
import type { Switches } from './switches.ts';
import { type KnownUser, shareGroup, type Users } from './users.ts';

/** The identity that the headers of a call prove. */
export interface Proof {
  /** Owner of the factors. */
  readonly user: KnownUser;
  /** The same user, or the user that the caller impersonates. */
  readonly actsAs: KnownUser;
  /** Expiry of the access token. Null for an API key. */
  readonly tokenExpiresAt: number | null;
  /** The answer to a challenge, if any. */
  readonly challenge: string | undefined;
}

/** Outcome of the token endpoint: a token, an OAuth error, or a 401. */
export type TokenOutcome =
  | { readonly kind: 'issued'; readonly token: string; readonly user: KnownUser }
  | { readonly kind: 'refused'; readonly error: 'invalid_client' | 'invalid_grant' }
  | { readonly kind: 'unauthenticated' };

interface Token {
  readonly userId: number;
  readonly expiresAt: number;
}

/** Parses `Authorization: PS-Auth key=…; runas=…; pwd=[…]; challenge=…;`. A password can contain `;` and `=`. */
const parsePsAuth = (header: string): Record<string, string> => {
  const parts = header
    .slice('PS-Auth '.length)
    .matchAll(/\s*(\w+)\s*=\s*(?:\[(.*?)\](?=\s*;|\s*$)|([^;]*))\s*(?:;|$)/g);
  return Object.fromEntries(
    [...parts].map(([, name = '', bracketed, bare = '']) => [name.toLowerCase(), bracketed ?? bare.trim()]),
  );
};

/** Checks the factors of a call against its registration, and issues access tokens. */
export class Proofs {
  readonly #users: Users;
  readonly #now: () => number;
  readonly #switches: Switches;
  readonly #tokens = new Map<string, Token>();

  constructor(users: Users, now: () => number, switches: Switches) {
    this.#users = users;
    this.#now = now;
    this.#switches = switches;
  }

  issueToken(call: Call, clientId: string, clientSecret: string): TokenOutcome {
    const user = this.#users.byClient(clientId, clientSecret);
    if (user?.oauth === undefined) return { kind: 'refused', error: 'invalid_client' };
    if (this.#now() >= (user.oauth.secretExpiresAt ?? Number.POSITIVE_INFINITY)) {
      return { kind: 'refused', error: 'invalid_grant' };
    }
    if (!meetsRules(call, user.oauth)) return { kind: 'unauthenticated' };
    const token = newCanary() + randomUUID();
    this.#tokens.set(token, { userId: user.userId, expiresAt: this.#now() + this.#switches.tokenSeconds * 1000 });
    return { kind: 'issued', token, user };
  }

  /** Undefined if a factor failed. The response does not reveal which one. */
  prove(call: Call): Proof | undefined {
    const { authorization = '' } = call.headers;
    if (/^Bearer /i.test(authorization)) return this.#proveByToken(call, authorization.slice('Bearer '.length).trim());
    return /^PS-Auth /i.test(authorization) ? this.#proveByKey(call, parsePsAuth(authorization)) : undefined;
  }

  #proveByToken(call: Call, text: string): Proof | undefined {
    const token = this.#tokens.get(text);
    const user = token && this.#users.byId(token.userId);
    if (user?.oauth === undefined || token === undefined || token.expiresAt <= this.#now()) return undefined;
    const actsAs = this.#impersonated(user, call.headers['runas']?.toString());
    if (actsAs === undefined || !meetsRules(call, user.oauth)) return undefined;
    return { user, actsAs, tokenExpiresAt: token.expiresAt, challenge: undefined };
  }

  #proveByKey(call: Call, { key = '', runas = '', pwd, challenge }: Record<string, string>): Proof | undefined {
    const user = this.#users.byKey(key, runas.replace('\\\\', '\\'));
    if (user?.apiKey === undefined || !meetsRules(call, user.apiKey)) return undefined;
    const { password } = user.apiKey;
    if (password !== undefined && pwd !== password) return undefined;
    return { user, actsAs: user, tokenExpiresAt: null, challenge };
  }

  #impersonated(user: KnownUser, runAs: string | undefined): KnownUser | undefined {
    const other = runAs === undefined ? user : this.#users.byName(runAs);
    return other !== undefined && (other === user || shareGroup(user, other)) ? other : undefined;
  }
}
