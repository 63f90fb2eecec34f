import type { Vault } from '#shared/connections/vault.ts';
import {
  type Action,
  type CheckoutState,
  nextAction,
  wasDelivered,
  windowEnd,
} from '#shared/domain/checkout/next-action.ts';
import { endWith, type SetEnds, windowStart } from '#shared/domain/checkout/window.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type CheckoutRecord, checkoutAt, maxExtensionOf } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import type { CheckoutStepInput } from '#shared/workflows/checkout.ts';
import { changeCountsFrom, hasJustClosed, haveChanged, statesOf } from './looks.ts';
import { tellOpened } from './tell-opened.ts';

export interface WatchDependencies {
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'list'>;
  /** Orders a comment on the ticket of the checkout. */
  readonly tell: Tell;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Determines the state of a checkout and its next action. Changes nothing. Calls the vault only to find out if leases
 * were approved and if credentials have changed. Repeatable.
 */
export const createWatch =
  ({ vaultOf, records, signals, tell, now }: WatchDependencies) =>
  async (input: CheckoutStepInput): Promise<Action> => {
    const record = await records.read(checkoutAt.record(input));
    const { released, isOver, ...ends } = readSignals(await signals.list(signalAt.prefix(input)));
    const end = isEnding(input) ? waitForEnd(input, record, { isOver, ends, now: now() }) : undefined;
    if (end !== undefined) return end;
    // The release came before the checkout itself: nothing was opened, and there is nothing to confirm.
    if (record === undefined) return { next: 'report', waitSeconds: 0, ending: 'cancelled' };
    await tellOpened(input, record, ends, tell);
    const vault = await vaultOf(record.settings.connection);
    const { requested, retrieved, checkedIn, retired, watched } = input;
    const state: CheckoutState = {
      plan: planOf(record, vault, ends),
      // A release that was started by hand, or `reap` before a redrive, may also have closed it.
      signals: { released: released || isEnding(input), closing: isOver, ...ends },
      ...(requested &&
        !checkedIn && {
          requested: {
            ...requested,
            at: Date.parse(requested.at),
            leases: await statesOf(vault, record, requested, now()),
          },
        }),
      ...(retrieved && { retrieved: { ...retrieved, at: Date.parse(retrieved.at) } }),
      ...(checkedIn && { checkedIn: { at: Date.parse(checkedIn.at) } }),
      retired: retired?.retired,
      ending: watched?.ending,
      now: now(),
    };
    if (checkedIn === undefined || state.plan.confirmMs === 0 || !wasDelivered(state)) return nextAction(state);
    if (hasJustClosed(input, checkedIn, { released, now: now() })) return nextAction(state);
    return nextAction({
      ...state,
      changed: await haveChanged(vault, record, changeCountsFrom(record, input, checkedIn)),
    });
  };

/** True for an execution that closes a checkout at an end that was set later, before it has closed anything. */
const isEnding = ({ order, checkedIn }: CheckoutStepInput): boolean =>
  order.type === 'checkout.shortened' && checkedIn === undefined;

/**
 * Next action of such an execution: it waits for the end, and closes nothing if a later position has set another one.
 * Undefined once the end has come.
 */
const waitForEnd = (
  { order }: CheckoutStepInput,
  record: CheckoutRecord | undefined,
  { isOver, ends, now }: { readonly isOver: boolean; readonly ends: SetEnds; readonly now: number },
): Action | undefined => {
  const own = Date.parse(order.until ?? '');
  if (isOver || ends.endsAt !== own) return { next: 'report', waitSeconds: 0 };
  const { window } = record?.order ?? {};
  const end =
    record !== undefined && window !== undefined && 'until' in window
      ? endWith(Date.parse(window.until), ends, maxExtensionOf(record))
      : own;
  return now < end ? { next: 'wait', waitSeconds: Math.ceil((end - now) / SECOND_MS) } : undefined;
};

const planOf = (record: CheckoutRecord, vault: Vault, ends: SetEnds): CheckoutState['plan'] => {
  const { order, settings } = record;
  const plannedAt = Date.parse(record.plannedAt);
  const from = windowStart(order.window, plannedAt);
  const window: CheckoutState['plan']['window'] =
    'until' in order.window ? { until: Date.parse(order.window.until) } : { minutes: order.window.minutes };
  const maxExtensionMs = maxExtensionOf(record);
  const waitEndsAt = from + settings.approvalHours * HOUR_MS;
  const { accessKind, opens } = vault.rules(settings);
  // The vault changes a credential only after a lease for the credential itself that was requested with a change.
  const isFollowedByChange = settings.rotateOnCheckIn && accessKind === 'leases' && opens === 'credential';
  return {
    from,
    window,
    maxExtensionMs,
    waitEndsAt:
      'until' in window ? Math.min(waitEndsAt, windowEnd({ window, maxExtensionMs }, from, ends, [])) : waitEndsAt,
    needsLease: accessKind === 'leases',
    confirmMs: isFollowedByChange ? settings.confirmMinutes * MINUTE_MS : 0,
  };
};
