import { findOne } from '#shared/connections/find-one.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import {
  type Action,
  type CheckoutState,
  type LeaseState,
  MIN_LOOK_MS,
  nextAction,
  wasDelivered,
  windowEnd,
} from '#shared/domain/checkout/next-action.ts';
import { endWith, type SetEnds, windowStart } from '#shared/domain/checkout/window.ts';
import { openedComment, ticketOf } from '#shared/domain/ticket/words.ts';
import { RelayError } from '#shared/errors.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import type { CheckedIn, CheckoutStepInput, Requested } from '#shared/workflows/checkout.ts';

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

/** Tells the ticket of a checkout, if it has one, that its access has opened. */
const tellOpened = async (
  { retrieved, checkedIn, watched }: CheckoutStepInput,
  record: CheckoutRecord,
  ends: SetEnds,
  tell: Tell,
): Promise<void> => {
  const { order, items, settings } = record;
  const ticket = ticketOf(order.id, order.principal);
  const isFirstLook = watched?.next === 'retrieve' && checkedIn === undefined;
  if (ticket === undefined || !isFirstLook || !('until' in order.window)) return;
  if (retrieved === undefined || retrieved.delivered === 0) return;
  const until = endWith(Date.parse(order.window.until), ends, maxExtensionOf(record));
  const names = items.map(({ item }) => item.title);
  await tell(openedComment(ticket, { id: order.id, items: names, stores: settings.stores, until }));
};

/** True if enough time has passed since `at` for a look at the vault to show something else. */
const isDue = (at: string, now: number): boolean => now - Date.parse(at) >= MIN_LOOK_MS;

/**
 * True right after the check-in, which the vault answers before it changes the credential. A release has closed the
 * checkout earlier.
 */
const hasJustClosed = (
  { order }: CheckoutStepInput,
  { at, closed }: CheckedIn,
  { released, now }: { readonly released: boolean; readonly now: number },
): boolean => {
  const isClosedByRelease = released && order.type === 'checkout.requested';
  return closed > 0 && !isClosedByRelease && !isDue(at, now);
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

const maxExtensionOf = ({ settings }: CheckoutRecord): number => settings.extensionMinutes * MINUTE_MS;

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

/** State of our leases. If the vault cannot provide it, the last known state applies: unknown does not mean ended. */
const statesOf = async (
  vault: Vault,
  { settings }: CheckoutRecord,
  { at, leases }: Requested,
  now: number,
): Promise<LeaseState[]> => {
  const remembered = leases.map(({ status, endsAt }) => ({ status, endsAt: toMs(endsAt) }));
  if (leases.every(({ status }) => status === 'active') || !isDue(at, now)) return remembered;
  const unreadable: RelayError[] = [];
  try {
    const held = await vault.session((session) => {
      const access = session.access(settings);
      if (access.kind !== 'leases') throw unsupported(settings.connection, access.kind);
      return access.held((error) => unreadable.push(error));
    });
    return leases.map(({ id, status, endsAt }) => {
      const lease = held.find((candidate) => candidate.id === id);
      // An unreadable lease could be this one.
      const otherwise = unreadable.length === 0 ? 'gone' : status;
      return { status: lease?.status ?? otherwise, endsAt: toMs(lease?.endsAt ?? endsAt) };
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return remembered;
    throw thrown;
  }
};

const toMs = (date: string | undefined): number | undefined => (date === undefined ? undefined : Date.parse(date));

/**
 * Time after which a change of the credential invalidates the delivered one: the time of the delivery. A release has no
 * such time and uses its own check-in, or the time of the plan if everything was already closed, for example by `reap`.
 * There is no tolerance for dates that the vault rounds down, because an earlier checkout can cause a change shortly
 * before this time.
 */
const changeCountsFrom = (record: CheckoutRecord, { retrieved }: CheckoutStepInput, checkedIn: CheckedIn): number =>
  Date.parse(retrieved?.at ?? (checkedIn.closed > 0 ? checkedIn.at : record.plannedAt));

const haveChanged = async (vault: Vault, { items, settings }: CheckoutRecord, since: number): Promise<boolean> => {
  const hasChanged = async (session: VaultSession, { item }: CheckoutRecord['items'][number]): Promise<boolean> => {
    const now = await findOne(session, settings, item.labels);
    return (
      now !== undefined && now.changing !== true && now.changedAt !== undefined && Date.parse(now.changedAt) >= since
    );
  };
  try {
    return await vault.session(async (session) => {
      for (const item of items) if (!(await hasChanged(session, item))) return false;
      return true;
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return false;
    throw thrown;
  }
};
