import { newCanary } from './credentials.ts';
import type { Switches } from './switches.ts';

export interface Token {
  /** Counts the tokens of the site, and identifies this one in the audit. */
  readonly number: number;
  readonly clientId: string;
  /** Opaque, and a secret: contains a canary. */
  readonly text: string;
  readonly expiresAt: number;
}

/** The live tokens of all API accounts, the oldest first. */
export class Tokens {
  readonly #now: () => number;
  readonly #switches: Switches;
  #live: Token[] = [];
  #issued = 0;

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  /** Number of tokens since the start, which is also that of the last one. */
  get issued(): number {
    return this.#issued;
  }

  /** Issues a token. The oldest one of the account dies if it has too many. */
  issue(clientId: string): Token {
    const { tokenSeconds, maxTokens } = this.#switches;
    const own = this.live().filter((token) => token.clientId === clientId);
    const dying = new Set(own.slice(0, Math.max(0, own.length + 1 - maxTokens)));
    this.#issued += 1;
    const token = {
      number: this.#issued,
      clientId,
      text: `tok${String(this.#issued).padStart(6, '0')}${newCanary()}`,
      expiresAt: this.#now() + tokenSeconds * 1000,
    };
    this.#live = [...this.#live.filter((one) => !dying.has(one)), token];
    return token;
  }

  find(text: string): Token | undefined {
    return this.live().find((token) => token.text === text);
  }

  /** Kills all tokens of an account, or the oldest ones. */
  kill(clientId: string, count = Infinity): void {
    const dying = new Set(
      this.live()
        .filter((token) => token.clientId === clientId)
        .slice(0, count),
    );
    this.#live = this.#live.filter((token) => !dying.has(token));
  }

  live(): readonly Token[] {
    const now = this.#now();
    this.#live = this.#live.filter(({ expiresAt }) => expiresAt > now);
    return this.#live;
  }
}
