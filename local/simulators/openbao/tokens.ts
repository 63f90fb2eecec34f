import { randomBytes } from 'node:crypto';
import type { Namespace } from './namespaces.ts';
import { nanosecondTime } from './times.ts';

export interface NewToken {
  readonly namespace: Namespace;
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly renewable: boolean;
  readonly displayName: string;
  /** Path at which the token was issued, such as `auth/jwt/login`. */
  readonly path: string;
  readonly meta: Readonly<Record<string, string>> | null;
  readonly entityId: string;
}

export interface Token extends NewToken {
  readonly id: string;
  readonly accessor: string;
  readonly issuedAt: number;
  expiresAt: number;
  /** Seconds of the last issue or renewal. */
  grantedSeconds: number;
}

/** The tokens of a server, except for its root token. */
export class Tokens {
  readonly #byId = new Map<string, Token>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(wanted: NewToken): Token {
    const suffix = wanted.namespace.path === '' ? '' : `.${wanted.namespace.id}`;
    const granted = Math.min(wanted.ttlSeconds, wanted.maxTtlSeconds);
    const token: Token = {
      ...wanted,
      id: `s.${letters()}${suffix}`,
      accessor: `${letters()}${suffix}`,
      issuedAt: this.#now(),
      expiresAt: this.#now() + granted * 1000,
      grantedSeconds: granted,
    };
    this.#byId.set(token.id, token);
    return token;
  }

  /** Returns a token that is neither expired nor revoked. */
  find(id: string): Token | undefined {
    const token = this.#byId.get(id);
    return token !== undefined && token.expiresAt > this.#now() ? token : undefined;
  }

  /** Renews a token from now, at most until its maximum. */
  renew(token: Token, seconds: number): void {
    const endMs = token.issuedAt + token.maxTtlSeconds * 1000;
    const granted = Math.min(seconds, Math.floor((endMs - this.#now()) / 1000));
    token.expiresAt = this.#now() + granted * 1000;
    token.grantedSeconds = granted;
  }

  revoke(token: Token): void {
    this.#byId.delete(token.id);
  }

  /** Tokens that are neither expired nor revoked. */
  open(): readonly Token[] {
    return [...this.#byId.values()].filter(({ id }) => this.find(id) !== undefined);
  }
}

const letters = (): string => randomBytes(24).toString('base64').replaceAll(/[+/=]/g, 'x').slice(0, 24);

/** The part `auth` of the answer to a sign-in or a renewal. */
export const authOf = ({ id, accessor, policies, meta, grantedSeconds, renewable, entityId }: Token) => ({
  client_token: id,
  accessor,
  policies,
  token_policies: policies,
  metadata: meta,
  lease_duration: grantedSeconds,
  renewable,
  entity_id: entityId,
  token_type: 'service',
  orphan: entityId !== '',
  mfa_requirement: null,
  num_uses: 0,
});

/** The answer to `lookup-self`. */
export const lookUp = (token: Token, now: number) => ({
  accessor: token.accessor,
  creation_time: Math.floor(token.issuedAt / 1000),
  creation_ttl: Math.min(token.ttlSeconds, token.maxTtlSeconds),
  display_name: token.displayName,
  entity_id: token.entityId,
  expire_time: nanosecondTime(token.expiresAt),
  explicit_max_ttl: 0,
  id: token.id,
  issue_time: nanosecondTime(token.issuedAt),
  meta: token.meta,
  ...(token.namespace.path !== '' && { namespace_path: `${token.namespace.path}/` }),
  num_uses: 0,
  orphan: token.entityId !== '',
  path: token.path,
  policies: token.policies,
  renewable: token.renewable,
  ttl: Math.floor((token.expiresAt - now) / 1000),
  type: 'service',
});
