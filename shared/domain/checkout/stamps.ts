import { createHash } from 'node:crypto';
import type { Stamp } from '#shared/domain/stamp.ts';

/** One half of a stamp identifies the run, the other half the delivery within it. */
const HALF = 32;

const markOf = (run: string): string => createHash('sha256').update(run).digest('hex').slice(0, HALF);

/**
 * Stamp of one delivery of a checkout. Every delivery has its own, because a ticket is never the same twice. Pure.
 *
 * @param random 32 hex digits that were never used before.
 */
export const newStamp = (run: string, random: string): Stamp => `${markOf(run)}${random}`;

/**
 * True for the stamp of another checkout's delivery. A stamp in any other form was written by a person who overwrote
 * the delivered value or handed an existing secret over to the relay. Such a secret is overwritten by the delivery and
 * retired at the end. Pure.
 */
export const isStampOfAnother = (run: string, stamp: Stamp): boolean =>
  /^[0-9a-f]{64}$/.test(stamp) && !stamp.startsWith(markOf(run));
