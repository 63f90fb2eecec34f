import { createHash } from 'node:crypto';
import type { Principal } from '#shared/domain/checkout/principal.ts';

/** Identifies a checkout uniquely and permanently. */
export interface CheckoutIdentity {
  /** The rule. */
  readonly checkout: string;
  /** Id that the sender chose. Other senders can use the same. */
  readonly id: string;
  /** Sender of the request. */
  readonly principal: Principal;
  /** Time of the first message with this id, UTC ISO 8601. An id reused after its expiry is a new checkout. */
  readonly opening: string;
}

/** Name of the execution that closes a checkout at an end that was set later. Pure. */
export const endingRun = (run: string, { position, until }: { readonly position: number; readonly until: number }) => {
  const hash = createHash('sha256')
    .update(JSON.stringify([run, position, until]))
    .digest('hex');
  return `${run.slice(0, run.indexOf('.'))}.${hash.slice(0, HASH_DIGITS)}`;
};

/** With the longest rule name and a dot, an execution name stays below its limit of 80 characters. */
const HASH_DIGITS = 40;

/** Name of a checkout's execution. Its markers, signals, stamps and release are derived from it. Pure. */
export const checkoutRun = ({ checkout, principal, id, opening }: CheckoutIdentity): string => {
  const identity = JSON.stringify([principal.kind, principal.id, id, opening]);
  return `${checkout}.${createHash('sha256').update(identity).digest('hex').slice(0, HASH_DIGITS)}`;
};
