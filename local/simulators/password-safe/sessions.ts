import { randomUUID } from 'node:crypto';
import { parseCookie } from 'cookie';
import { newCanary } from './credential-shapes.ts';
import type { Switches } from './switches.ts';
import type { KnownUser, Users } from './users.ts';

const SESSION_COOKIE = 'ASP.NET_SessionId';
const VERIFICATION_COOKIE = '__RequestVerificationToken';
const COOKIE_ATTRIBUTES = new Set(['path', 'domain', 'expires', 'max-age', 'samesite', 'httponly', 'secure']);

interface Token {
  readonly user: KnownUser;
  readonly expiresAt: number;
}

export interface Session {
  /** Names the session in the audit; the cookie's own value is as good as a password and stays inside. */
  readonly number: number;
  readonly user: KnownUser;
  readonly signedInAt: number;
  lastUsedAt: number;
}

interface StoredSession extends Session {
  /** Whose factors opened it, which is not its user when that one is impersonated. */
  readonly provenBy: KnownUser;
  readonly verification: string;
  /** When the access token that it was opened with ends; null for an API key. */
  readonly tokenExpiresAt: number | null;
}

export type SignIn =
  | { readonly kind: 'signed-in'; readonly session: Session; readonly cookies: readonly string[] }
  | { readonly kind: 'challenged'; readonly prompt: string; readonly cookies: readonly string[] }
  | { readonly kind: 'refused' };

interface Proof {
  readonly user: KnownUser;
  readonly tokenExpiresAt: number | null;
  readonly challenge: string | undefined;
}

/** What `Authorization: PS-Auth key=…; runas=…; pwd=[…]; challenge=…;` says; a password may hold `;` and `=`. */
const parsePsAuth = (header: string): Record<string, string> => {
  const parts = header
    .slice('PS-Auth '.length)
    .matchAll(/\s*(\w+)\s*=\s*(?:\[(.*?)\](?=\s*;|\s*$)|([^;]*))\s*(?:;|$)/g);
  return Object.fromEntries(
    [...parts].map(([, name = '', bracketed, bare = '']) => [name.toLowerCase(), bracketed ?? bare.trim()]),
  );
};

/** Access tokens and sessions, and who is behind a call. */
export class Sessions {
  readonly #users: Users;
  readonly #now: () => number;
  readonly #switches: Switches;
  readonly #tokens = new Map<string, Token>();
  readonly #sessions = new Map<string, StoredSession>();
  /** Sign-ins that wait for the second factor, by their cookie. */
  readonly #challenged = new Map<string, KnownUser>();
  #count = 0;

  constructor(users: Users, now: () => number, switches: Switches) {
    this.#users = users;
    this.#now = now;
    this.#switches = switches;
  }

  issueToken(clientId: string, clientSecret: string): { token: string; user: KnownUser } | undefined {
    const user = this.#users.byClient(clientId, clientSecret);
    if (user === undefined) return undefined;
    const token = newCanary() + randomUUID();
    this.#tokens.set(token, { user, expiresAt: this.#now() + this.#switches.tokenSeconds * 1000 });
    return { token, user };
  }

  signIn(authorization: string | undefined, runAs: string | undefined, cookie: string | undefined): SignIn {
    const proof = this.#prove(authorization);
    const user = proof === undefined ? undefined : this.#impersonated(proof.user, runAs);
    if (proof === undefined || user === undefined) return { kind: 'refused' };
    const expected = proof.user.apiKey?.challenge;
    if (proof.tokenExpiresAt !== null || expected === undefined) return this.#open(user, proof);
    return this.#answerChallenge(user, proof, expected, cookie);
  }

  /** Who a cookie belongs to, counted as use of the session; undefined means 401. */
  authenticate(cookieHeaders: readonly string[], authorization: string | undefined): Session | undefined {
    const [header, ...others] = cookieHeaders;
    if (header === undefined || others.length > 0) return undefined;
    const cookies = parseCookie(header);
    if (Object.keys(cookies).some((name) => COOKIE_ATTRIBUTES.has(name.toLowerCase()))) return undefined;
    const session = this.#alive(cookies[SESSION_COOKIE] ?? '');
    if (session === undefined) return undefined;
    const secondMissing = cookies[VERIFICATION_COOKIE] !== session.verification;
    if (this.#switches.secondCookie === 'required' && secondMissing) return undefined;
    if (this.#switches.recheckFactors && this.#prove(authorization)?.user !== session.provenBy) return undefined;
    session.lastUsedAt = this.#now();
    return session;
  }

  signOut(session: Session): void {
    for (const [id, candidate] of this.#sessions) if (candidate === session) this.#sessions.delete(id);
  }

  /** Sessions that nobody signed out of and that have not run out. */
  allOpen(): Session[] {
    return [...this.#sessions.keys()].flatMap((id) => this.#alive(id) ?? []);
  }

  #prove(authorization: string | undefined): Proof | undefined {
    if (authorization === undefined) return undefined;
    if (/^Bearer /i.test(authorization)) {
      const token = this.#tokens.get(authorization.slice('Bearer '.length).trim());
      if (token === undefined || token.expiresAt <= this.#now()) return undefined;
      return { user: token.user, tokenExpiresAt: token.expiresAt, challenge: undefined };
    }
    if (!/^PS-Auth /i.test(authorization)) return undefined;
    const { key = '', runas = '', pwd, challenge } = parsePsAuth(authorization);
    const user = this.#users.byKey(key, runas.replace('\\\\', '\\'));
    const password = user?.apiKey?.password;
    if (user === undefined || (password !== undefined && pwd !== password)) return undefined;
    return { user, tokenExpiresAt: null, challenge };
  }

  #impersonated(user: KnownUser, runAs: string | undefined): KnownUser | undefined {
    if (runAs === undefined) return user;
    return user.mayRunAs?.includes(runAs) === true ? this.#users.byName(runAs) : undefined;
  }

  #answerChallenge(user: KnownUser, proof: Proof, expected: string, cookie: string | undefined): SignIn {
    const waiting = parseCookie(cookie ?? '')[SESSION_COOKIE] ?? '';
    if (proof.challenge === undefined) {
      const id = randomUUID();
      this.#challenged.set(id, user);
      return { kind: 'challenged', prompt: 'Enter the code of your second factor', cookies: [sessionCookie(id)] };
    }
    if (this.#challenged.get(waiting) !== user || proof.challenge !== expected) return { kind: 'refused' };
    this.#challenged.delete(waiting);
    return this.#open(user, proof);
  }

  #open(user: KnownUser, { user: provenBy, tokenExpiresAt }: Proof): SignIn {
    const id = newCanary();
    const now = this.#now();
    this.#count += 1;
    const session: StoredSession = {
      number: this.#count,
      user,
      provenBy,
      signedInAt: now,
      lastUsedAt: now,
      verification: newCanary(),
      tokenExpiresAt,
    };
    this.#sessions.set(id, session);
    const verification = `${VERIFICATION_COOKIE}=${session.verification}; path=/; secure; HttpOnly`;
    const cookies = [sessionCookie(id), ...(this.#switches.secondCookie === 'off' ? [] : [verification])];
    return { kind: 'signed-in', session, cookies };
  }

  #alive(id: string): StoredSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    const now = this.#now();
    const idle = now - session.lastUsedAt >= this.#switches.sessionIdleMinutes * 60_000;
    const tokenEnded = session.tokenExpiresAt !== null && session.tokenExpiresAt <= now;
    if (!idle && !(tokenEnded && this.#switches.tokenEndEndsSession)) return session;
    this.#sessions.delete(id);
    return undefined;
  }
}

const sessionCookie = (id: string): string => `${SESSION_COOKIE}=${id}; path=/; secure; HttpOnly; SameSite=None`;
