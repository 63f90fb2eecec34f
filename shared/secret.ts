import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '[secret]';

const toBytes = (value: SecretContent): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);

/** Content of a secret: text, or the bytes of a file, which are kept as bytes. */
export type SecretContent = string | Uint8Array;

/**
 * Wrapper for a credential, a token or a client secret. Its content is text unless its type says otherwise.
 *
 * Accidental output (JSON, string conversion, template, `util.inspect`, the message of an error) shows `[secret]`. Only
 * {@link Secret.reveal} returns the value.
 */
export class Secret<T extends SecretContent = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** Returns the value. Call it only where the value is sent to its destination. */
  reveal(): T {
    return this.#value;
  }

  /**
   * True if both secrets hold the same value, compared in time that does not depend on where they differ. Text never
   * equals bytes, because their readers decode them differently.
   */
  equals(other: Secret<SecretContent>): boolean {
    const theirValue = other.reveal();
    const [mine, theirs] = [toBytes(this.#value), toBytes(theirValue)];
    const isSameKind = typeof this.#value === typeof theirValue;
    return isSameKind && mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  /** Derives a secret from this one, such as a rendered document around a credential. */
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
