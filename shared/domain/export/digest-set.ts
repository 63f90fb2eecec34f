import { DIGEST_BYTES } from '#shared/domain/export/rows.ts';

/** Words of 32 bits in a digest. */
const WORDS = DIGEST_BYTES / 4;

const MIN_SLOTS = 16;

/**
 * A set of digests in one block of memory, because a million texts in a Set take five times as much: open addressing,
 * at most two thirds full. A digest of zeros stands for a free slot, and no event has it in practice.
 */
export class DigestSet {
  #words: Uint32Array;
  #size = 0;

  constructor(capacity = 0) {
    this.#words = new Uint32Array(slotsFor(capacity) * WORDS);
  }

  /** Number of digests. */
  get size(): number {
    return this.#size;
  }

  has(digest: Uint8Array): boolean {
    return !this.#isFree(this.#find(wordsOf(digest)));
  }

  /** Adds a digest. Returns false if the set has it. */
  add(digest: Uint8Array): boolean {
    return this.#insert(wordsOf(digest));
  }

  #insert(words: Uint32Array): boolean {
    if ((this.#size + 1) * 3 > (this.#words.length / WORDS) * 2) this.#grow();
    const at = this.#find(words);
    if (!this.#isFree(at)) return false;
    this.#words.set(words, at);
    this.#size++;
    return true;
  }

  /** All digests as base64, in no particular order. */
  toText(): string {
    const bytes = new Uint32Array(this.#size * WORDS);
    let filled = 0;
    for (let at = 0; at < this.#words.length; at += WORDS) {
      if (this.#isFree(at)) continue;
      bytes.set(this.#words.subarray(at, at + WORDS), filled);
      filled += WORDS;
    }
    return Buffer.from(bytes.buffer).toString('base64');
  }

  /** The set that {@link DigestSet.toText} has written. */
  static fromText(text: string): DigestSet {
    const bytes = Buffer.from(text, 'base64');
    const count = Math.floor(bytes.length / DIGEST_BYTES);
    const digests = new DigestSet(count);
    for (let index = 0; index < count; index++) {
      digests.add(bytes.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES));
    }
    return digests;
  }

  /** Position of the digest, or of the free slot for it. */
  #find(words: Uint32Array): number {
    const slots = this.#words.length / WORDS;
    // A digest is random already.
    for (let slot = (words[0] ?? 0) % slots; ; slot = (slot + 1) % slots) {
      const at = slot * WORDS;
      if (this.#isFree(at) || this.#isAt(words, at)) return at;
    }
  }

  #isFree(at: number): boolean {
    return this.#isAt(FREE, at);
  }

  #isAt(words: Uint32Array, at: number): boolean {
    for (let index = 0; index < WORDS; index++) if (words[index] !== this.#words[at + index]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    this.#size = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      const words = old.subarray(at, at + WORDS);
      if (words.some((word) => word !== 0)) this.#insert(words);
    }
  }
}

const FREE = new Uint32Array(WORDS);

const slotsFor = (capacity: number): number => Math.max(MIN_SLOTS, Math.ceil((capacity + 1) * 1.5));

const wordsOf = (digest: Uint8Array): Uint32Array => {
  const words = new Uint32Array(WORDS);
  new Uint8Array(words.buffer).set(digest.subarray(0, DIGEST_BYTES));
  return words;
};
