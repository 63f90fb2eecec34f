import type { AllLeases, OpenLease } from '#shared/connections/all-leases.ts';
import { itemKey } from '#shared/domain/item.ts';
import { type ForceContext, isSameCheckout, isStillOpen, reasonToKeep } from '#shared/domain/old-checkouts/decide.ts';
import { asRelayError } from '#shared/errors.ts';
import type { OwnClaims } from '#shared/leases/own-claims.ts';
import type { Ending, OldCheckoutRow } from '#shared/records/old-checkouts-record.ts';
import type { Ledger } from './ledger.ts';
import type { RotateAfter } from './rotate-after.ts';

export interface EndContext {
  readonly run: string;
  readonly leases: AllLeases;
  readonly ledger: Ledger;
  readonly ownClaims: OwnClaims;
  /** Absent if the rule asks for no rotation. */
  readonly rotateAfter: RotateAfter | undefined;
  readonly terms: ForceContext['terms'];
  readonly groupLabel: string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Outcome of a checkout. `isOutOfReach`: the vault does not answer, so others need not be tried. */
export type Ended = Pick<OldCheckoutRow, 'outcome' | 'reason' | 'rotation'> & { readonly isOutOfReach?: boolean };

/** Longest time between the beginning of the last look and the request for the end. */
const MAX_LOOK_AGE_MS = 120_000;

const STALE: Ended = {
  outcome: 'open',
  reason: 'The vault took more than two minutes to show it, and it can have changed since. The next run looks again.',
};

/**
 * Ends a checkout that was decided to end. Looks at it again directly before, and leaves it alone unless it is the same
 * one and still may end. What it is about to do is recorded first: after a crash, the next run finds out what happened.
 */
export const endCheckout = async (seen: OpenLease, context: EndContext): Promise<Ended> => {
  const { ledger, run } = context;
  const { item, since, holder } = seen;
  const key = itemKey(item.ref);
  const { ref, title, labels, handle } = item;
  const ending: Ending = {
    item: { ref, title, labels, handle },
    ...{ since, ...(holder !== undefined && { holder }) },
    ...{ run, ended: false },
  };
  await ledger.record(key, ending);
  const lookedAt = context.now();
  const obstacle = await lookAgain(seen, context);
  // Claims come last: a run of the relay writes its claim before it opens anything.
  const hold = obstacle === undefined ? await context.ownClaims.hold(item) : '';
  if (typeof hold === 'string') {
    await ledger.record(key, undefined);
    return obstacle ?? { outcome: 'open', reason: hold };
  }
  if (context.now() - lookedAt > MAX_LOOK_AGE_MS) {
    await hold.release();
    await ledger.record(key, undefined);
    return STALE;
  }
  try {
    await context.leases.end(item);
  } catch (thrown) {
    const { message, retryable, mayHaveHappened } = asRelayError(thrown, `Ending the checkout of ${title}`);
    // A late call would end the check-out of a run of the relay. The hold ends by itself after that.
    if (mayHaveHappened) return { outcome: 'unclear', reason: message, isOutOfReach: retryable };
    await hold.release();
    await ledger.record(key, undefined);
    // A vault can also refuse it because the user was faster.
    const found = retryable ? undefined : await lookAgain(seen, context);
    return found?.outcome === 'over' ? found : { outcome: 'failed', reason: message, isOutOfReach: retryable };
  }
  try {
    return await afterEnd(ending, 'The relay has ended it.', context);
  } catch (thrown) {
    const { message, retryable } = asRelayError(thrown, `Looking at ${title} after its end`);
    return { outcome: 'unclear', reason: message, isOutOfReach: retryable };
  } finally {
    await hold.release();
  }
};

/** Finding about a checkout whose end the vault has not shown yet. */
export const STILL_SHOWN: Ended = {
  outcome: 'unclear',
  reason: 'The vault was asked to end it, and still shows it. The next run looks again.',
};

/**
 * Looks whether a checkout is over whose end the vault was asked for, and asks for the rotation that is due then.
 * Raises like {@link AllLeases.current}.
 */
export const afterEnd = async (
  ending: Ending,
  reason: string,
  { leases, ledger, rotateAfter }: EndContext,
): Promise<Ended> => {
  const { item } = ending;
  const current = await leases.current(item);
  if (current.state === 'unknown') return { outcome: 'unclear', reason: current.reason };
  const isOpen = current.state === 'open';
  if (isOpen && isStillOpen(current.lease, ending)) return STILL_SHOWN;
  // The user of a later checkout would lose the credential.
  const rotation = isOpen
    ? rotateAfter && ({ outcome: 'refused', reason: 'A later checkout is open. Rotate it after its end.' } as const)
    : await rotateAfter?.(item);
  await ledger.record(itemKey(item.ref), { ...ending, ended: true, ...(rotation && { rotation }) });
  return { outcome: 'forced', reason, ...(rotation && { rotation }) };
};

/** Finding of a second look; undefined if the checkout is the same one and still may end. */
const lookAgain = async (
  { item, since }: OpenLease,
  { leases, terms, groupLabel, now }: EndContext,
): Promise<Ended | undefined> => {
  try {
    const current = await leases.current(item);
    if (current.state === 'unknown') return { outcome: 'unknown', reason: current.reason };
    if (current.state === 'none') return { outcome: 'over', reason: 'It ended during the run.' };
    const { lease } = current;
    if (!isSameCheckout(lease, { since })) {
      return isStillOpen(lease, { since })
        ? { outcome: 'open', reason: 'Its user checked it out again during the run.' }
        : { outcome: 'over', reason: 'It ended during the run, and a later checkout is open.' };
    }
    const id = itemKey(item.ref);
    const { labels } = lease.item;
    const { others, inUse, refusal } = lease;
    const checkout = { id, labels, since: lease.since, others, inUse, refusal };
    const reason = reasonToKeep(checkout, { terms, groupLabel, claimed: new Map(), now: now() });
    return reason === undefined ? undefined : { outcome: 'open', reason };
  } catch (thrown) {
    const { message, retryable } = asRelayError(thrown, `Looking at ${item.title} again`);
    return { outcome: 'failed', reason: message, isOutOfReach: retryable };
  }
};
