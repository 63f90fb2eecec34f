import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signatures over bytes. */

const LOWER_HEX = /^[0-9a-f]{64}$/;

/** Parses 64 lower-case hex digits; undefined for any other text. Pure. */
export const fromHex = (text: string): Buffer | undefined =>
  LOWER_HEX.test(text) ? Buffer.from(text, 'hex') : undefined;

/**
 * Parses base64 with padding in its only canonical spelling; undefined for any other text. Other spellings of the same
 * bytes, with other spare bits, would let anyone write one signature in several ways. Pure.
 */
export const fromBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/** True if one of the signatures is the HMAC-SHA256 of the parts with the key. Compares in constant time. Pure. */
export const isSignedBy = (
  key: string | Uint8Array,
  parts: readonly (string | Uint8Array)[],
  signatures: readonly Uint8Array[],
): boolean => {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  const expected = hmac.digest();
  return signatures.filter((one) => one.length === expected.length && timingSafeEqual(one, expected)).length > 0;
};

/** A sender that signs with more than this many keys has made a mistake, and each costs time before the refusal. */
export const MAX_SIGNATURES = 8;

/** Difference between the clocks of the sender and the relay, and the time on the way. */
const TOLERANCE_MS = 5 * 60_000;

export const isFresh = (at: number, now: number): boolean => Math.abs(now - at) <= TOLERANCE_MS;
