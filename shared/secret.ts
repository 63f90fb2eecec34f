import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * The wrapper that a credential, a token or a client secret lives in.
 *
 * By every road on which a value gets printed by accident (JSON, string conversion, template, `util.inspect`, the
 * message of an error) it reads `[secret]`. The only way to the value is {@link Secret.reveal}.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where the value leaves for where it was meant to go, and nowhere earlier. */
  reveal(): string {
    return this.#value;
  }

  /** Whether two secrets hold the same value, compared in time that does not depend on where they differ. */
  equals(other: Secret): boolean {
    const [mine, theirs] = [Buffer.from(this.#value), Buffer.from(other.#value)];
    return mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  /** A secret made from this one, such as a rendered document around a credential. */
  map(render: (value: string) => string): Secret {
    return new Secret(render(this.#value));
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
