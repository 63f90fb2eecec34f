import { randomUUID } from 'node:crypto';
import type { Switches } from './switches.ts';
import { stepOf } from './totp.ts';
import type { KnownUser } from './users.ts';

/** A factor that a user needs in addition to those of the registration. */
export type SecondFactor =
  /** A challenge with one fixed answer. */
  | { readonly type: 'answer'; readonly answer: string }
  /** A challenge for the code of an authenticator with this seed, in base32. */
  | { readonly type: 'totp'; readonly seed: string }
  /** No challenge. The first call waits until a person answers a notification. */
  | { readonly type: 'push' };

type PushAnswer = 'approved' | 'denied';

/** The second factors of a site: open challenges, used codes, and answers to pushes. */
export class SecondFactors {
  readonly #now: () => number;
  readonly #switches: Switches;
  /** Sign-ins that wait for an answer, by session cookie. */
  readonly #challenged = new Map<string, number>();
  readonly #usedCodes = new Set<string>();
  readonly #pushes = new Map<number, PromiseWithResolvers<PushAnswer>>();

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  /** Creates a challenge. Returns the id of the session in which the answer must be sent. */
  challenge(user: KnownUser): string {
    const id = randomUUID();
    this.#challenged.set(id, user.userId);
    return id;
  }

  /** True if this is the answer to the challenge of this session. A correct answer is accepted once per session. */
  accepts(user: KnownUser, sessionId: string, answer: string): boolean {
    const accepted = this.#challenged.get(sessionId) === user.userId && this.#isCorrect(user, answer);
    if (accepted) this.#challenged.delete(sessionId);
    return accepted;
  }

  /** Waits for the answer to a push, until {@link answerPush} or for the time of the switch. */
  async pushAnswered({ userId }: KnownUser): Promise<PushAnswer> {
    const { promise, resolve } = this.#pushOf(userId);
    const after = this.#switches.pushAnsweredAfterMs;
    if (after !== null) setTimeout(resolve, after, 'approved').unref();
    const answer = await promise;
    this.#pushes.delete(userId);
    return answer;
  }

  /** Answers the pending or next push of a user. */
  answerPush({ userId }: KnownUser, answer: PushAnswer): void {
    this.#pushOf(userId).resolve(answer);
  }

  #pushOf(userId: number): PromiseWithResolvers<PushAnswer> {
    const known = this.#pushes.get(userId) ?? Promise.withResolvers<PushAnswer>();
    this.#pushes.set(userId, known);
    return known;
  }

  #isCorrect({ userId, secondFactor }: KnownUser, answer: string): boolean {
    if (secondFactor?.type !== 'totp') return secondFactor?.type === 'answer' && answer === secondFactor.answer;
    const step = stepOf(secondFactor.seed, answer, this.#now());
    if (step === undefined) return false;
    const use = `${userId}/${step}`;
    if (this.#switches.usedCode === 'refused' && this.#usedCodes.has(use)) return false;
    this.#usedCodes.add(use);
    return true;
  }
}
