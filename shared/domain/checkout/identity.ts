import { createHash } from 'node:crypto';
import type { Principal } from '#shared/domain/checkout/principal.ts';

/** What tells a checkout from all others, for ever. */
export interface CheckoutIdentity {
  /** The rule. */
  readonly checkout: string;
  /** As its sender calls it. Others may use the same. */
  readonly id: string;
  /** Who asked for it. */
  readonly principal: Principal;
  /** When its id was first heard of, UTC ISO 8601. An id that is used again after it was forgotten is another checkout. */
  readonly opening: string;
}

/** With the longest name of a rule and a dot before it, it stays below the 80 characters of an execution's name. */
const HASH_DIGITS = 40;

/** The name of a checkout's execution, which its markers, notes, stamps and release go by. Pure. */
export const checkoutRun = ({ checkout, principal, id, opening }: CheckoutIdentity): string => {
  const identity = JSON.stringify([principal.kind, principal.id, id, opening]);
  return `${checkout}.${createHash('sha256').update(identity).digest('hex').slice(0, HASH_DIGITS)}`;
};
