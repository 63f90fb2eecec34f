import { createHmac } from 'node:crypto';

/**
 * Time-based codes (RFC 6238) with SHA-1, 6 digits and steps of 30 seconds. Implemented here, because a library shared
 * with callers would hide errors in it.
 */

export const STEP_MS = 30_000;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const decodeBase32 = (text: string): Buffer => {
  const bits = [...text.toUpperCase().replace(/[\s=-]/g, '')]
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** The code of a step. A step is a time in milliseconds divided by {@link STEP_MS}. */
export const codeAt = (seed: string, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', decodeBase32(seed)).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
};

/** The step of a code: the current, previous or next one. Undefined if the code matches none of them. */
export const stepOf = (seed: string, code: string, now: number): number | undefined => {
  const current = Math.floor(now / STEP_MS);
  return [current, current - 1, current + 1].find((step) => codeAt(seed, step) === code);
};
