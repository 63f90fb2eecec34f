import { parseCookie } from 'cookie';
import type { Call } from './calls.ts';
import { newCanary } from './credential-shapes.ts';
import type { Proof, Proofs } from './proofs.ts';
import type { SecondFactors } from './second-factor.ts';
import type { Switches } from './switches.ts';
import type { KnownUser } from './users.ts';

const SESSION_COOKIE = 'ASP.NET_SessionId';
const VERIFICATION_COOKIE = '__RequestVerificationToken';
const COOKIE_ATTRIBUTES = new Set(['path', 'domain', 'expires', 'max-age', 'samesite', 'httponly', 'secure']);

export interface Session {
  /** Identifies the session in the audit. The value of the cookie is a secret and is never exposed. */
  readonly number: number;
  readonly user: KnownUser;
  readonly signedInAt: number;
  lastUsedAt: number;
}

interface StoredSession extends Session {
  /** Id of the user whose factors opened the session. Differs from its user if that one is impersonated. */
  readonly provenBy: number;
  readonly verification: string;
  /** Expiry of the access token with which it was opened. Null for an API key. */
  readonly tokenExpiresAt: number | null;
}

export type SignIn =
  | { readonly kind: 'signed-in'; readonly session: Session; readonly cookies: readonly string[] }
  | { readonly kind: 'challenged'; readonly prompt: string; readonly cookies: readonly string[] }
  | { readonly kind: 'refused' }
  | { readonly kind: 'quarantined' };

const REFUSED: SignIn = { kind: 'refused' };

/** Sessions, and the authentication of calls. */
export class Sessions {
  readonly #proofs: Proofs;
  readonly #secondFactors: SecondFactors;
  readonly #now: () => number;
  readonly #switches: Switches;
  readonly #sessions = new Map<string, StoredSession>();
  #count = 0;

  constructor(proofs: Proofs, secondFactors: SecondFactors, now: () => number, switches: Switches) {
    this.#proofs = proofs;
    this.#secondFactors = secondFactors;
    this.#now = now;
    this.#switches = switches;
  }

  /** Waits for the answer to a push if the user has one. */
  async signIn(call: Call): Promise<SignIn> {
    const proof = this.#proofs.prove(call);
    if (proof === undefined) return REFUSED;
    if (proof.user.quarantined === true || proof.actsAs.quarantined === true) return { kind: 'quarantined' };
    const factor = proof.tokenExpiresAt === null ? proof.user.secondFactor : undefined;
    if (factor === undefined) return this.#open(proof);
    if (factor.type !== 'push') return this.#answerChallenge(proof, call);
    return (await this.#secondFactors.pushAnswered(proof.user)) === 'approved' ? this.#open(proof) : REFUSED;
  }

  /** Returns the session of a call by its cookie and records its use. Undefined means 401. */
  authenticate(call: Call): Session | undefined {
    const [header, ...others] = call.cookieHeaders;
    if (header === undefined || others.length > 0) return undefined;
    const cookies = parseCookie(header);
    if (Object.keys(cookies).some((name) => COOKIE_ATTRIBUTES.has(name.toLowerCase()))) return undefined;
    const session = this.#alive(cookies[SESSION_COOKIE] ?? '');
    if (session === undefined) return undefined;
    const secondMissing = cookies[VERIFICATION_COOKIE] !== session.verification;
    if (this.#switches.secondCookie === 'required' && secondMissing) return undefined;
    const { recheckFactors } = this.#switches;
    if (recheckFactors && this.#proofs.prove(call)?.user.userId !== session.provenBy) return undefined;
    session.lastUsedAt = this.#now();
    return session;
  }

  signOut(session: Session): void {
    for (const [id, candidate] of this.#sessions) if (candidate === session) this.#sessions.delete(id);
  }

  /** Sessions that are neither signed out nor expired. */
  allOpen(): Session[] {
    return [...this.#sessions.keys()].flatMap((id) => this.#alive(id) ?? []);
  }

  #answerChallenge(proof: Proof, call: Call): SignIn {
    if (proof.challenge === undefined) {
      const id = this.#secondFactors.challenge(proof.user);
      return { kind: 'challenged', prompt: 'Enter the code of your second factor', cookies: [sessionCookie(id)] };
    }
    const waiting = parseCookie(call.cookieHeaders[0] ?? '')[SESSION_COOKIE] ?? '';
    return this.#secondFactors.accepts(proof.user, waiting, proof.challenge) ? this.#open(proof) : REFUSED;
  }

  #open({ user: { userId: provenBy }, actsAs: user, tokenExpiresAt }: Proof): SignIn {
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
