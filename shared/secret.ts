import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '[secret]';

const toBytes = (value: SecretContent): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);

/** What a secret may be: text, or the bytes of a file, which stay bytes. */
export type SecretContent = string | Uint8Array;

/**
 * The wrapper that a credential, a token or a client secret lives in; a text unless its type says otherwise.
 *
 * By every road on which a value gets printed by accident (JSON, string conversion, template, `util.inspect`, the
 * message of an error) it reads `[secret]`. The only way to the value is {@link Secret.reveal}.
 */
export class Secret<T extends SecretContent = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Call it where the value leaves for where it was meant to go, and nowhere earlier. */
  reveal(): T {
    return this.#value;
  }

  /**
   * Whether two secrets hold the same value, compared in time that does not depend on where they differ. A text never
   * equals bytes: who reads it would have to read it otherwise.
   */
  equals(other: Secret<SecretContent>): boolean {
    const theirValue = other.reveal();
    const [mine, theirs] = [toBytes(this.#value), toBytes(theirValue)];
    const isSameKind = typeof this.#value === typeof theirValue;
    return isSameKind && mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  /** A secret made from this one, such as a rendered document around a credential. */
  map<U extends SecretContent>(render: (value: T) => U): Secret<U> {
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
