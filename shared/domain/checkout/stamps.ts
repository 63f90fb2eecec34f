import { createHash } from 'node:crypto';
import type { Stamp } from '#shared/domain/stamp.ts';

/** Half of a stamp says whose it is, the other half tells the deliveries of one run apart. */
const HALF = 32;

const markOf = (run: string): string => createHash('sha256').update(run).digest('hex').slice(0, HALF);

/**
 * The stamp of one delivery of a checkout. Every delivery has another: a ticket is never the same twice. Pure.
 *
 * @param random 32 hex digits that nobody had before.
 */
export const newStamp = (run: string, random: string): Stamp => `${markOf(run)}${random}`;

/**
 * Whether another checkout has delivered what has this stamp. A stamp of any other kind is that of a person, who wrote over
 * what a checkout delivered or handed over a secret: that one is delivered over, and taken away in the end. Pure.
 */
export const isStampOfAnother = (run: string, stamp: Stamp): boolean =>
  /^[0-9a-f]{64}$/.test(stamp) && !stamp.startsWith(markOf(run));
