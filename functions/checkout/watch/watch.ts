import { findOne } from '#shared/connections/find-one.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { type Course, type LeaseState, type Move, nextMove, wasHandedOut } from '#shared/domain/checkout/next-move.ts';
import { windowStart } from '#shared/domain/checkout/window.ts';
import { RelayError } from '#shared/errors.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { CheckedIn, CourseInput, Requested } from '#shared/workflows/checkout.ts';

export interface WatchDependencies {
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly notes: Pick<Notes, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Looks how a checkout stands and says what it does next. Changes nothing, and asks the vault only where it has to know:
 * whether somebody approved, and whether the credential has changed. Repeatable.
 */
export const createWatch =
  ({ vaultOf, records, notes, now }: WatchDependencies) =>
  async (input: CourseInput): Promise<Move> => {
    const record = await records.read(checkoutAt.record(input));
    // A release that came before the checkout itself: nothing was opened, and nothing is to be confirmed.
    if (record === undefined) return { next: 'report', waitSeconds: 0, ending: 'cancelled' };
    const vault = await vaultOf(record.settings.connection);
    const { requested, retrieved, checkedIn, retired, watched } = input;
    const { isOver, extendedUntil } = readNotes(await notes.list(noteAt.prefix(input)));
    const course: Course = {
      plan: planOf(record, vault),
      // Others may close it, too: a release that was started by hand, or `reap` before the execution was redriven.
      notes: { released: isOver, extendedUntil },
      ...(requested &&
        !checkedIn && {
          requested: { ...requested, at: Date.parse(requested.at), leases: await statesOf(vault, record, requested) },
        }),
      ...(retrieved && { retrieved: { ...retrieved, at: Date.parse(retrieved.at) } }),
      ...(checkedIn && { checkedIn: { at: Date.parse(checkedIn.at) } }),
      retired: retired?.retired,
      ending: watched?.ending,
      now: now(),
    };
    if (checkedIn === undefined || course.plan.confirmMs === 0 || !wasHandedOut(course)) return nextMove(course);
    return nextMove({ ...course, changed: await haveChanged(vault, record, seenAt(record, input, checkedIn)) });
  };

const planOf = (record: CheckoutRecord, vault: Vault): Course['plan'] => {
  const { order, settings } = record;
  const plannedAt = Date.parse(record.plannedAt);
  const from = windowStart(order.window, plannedAt);
  const window: Course['plan']['window'] =
    'until' in order.window ? { until: Date.parse(order.window.until) } : { minutes: order.window.minutes };
  const patienceEndsAt = from + settings.approvalHours * HOUR_MS;
  const { wayIn, opens } = vault.rules(settings);
  // Only the end of a lease for the credential itself, which was told to change it, is followed by a change.
  const isFollowedByChange = settings.rotateOnCheckIn && wayIn === 'leases' && opens === 'credential';
  return {
    from,
    window,
    longestExtensionMs: settings.extensionMinutes * MINUTE_MS,
    patienceEndsAt: 'until' in window ? Math.min(patienceEndsAt, window.until) : patienceEndsAt,
    needsLease: wayIn === 'leases',
    confirmMs: isFollowedByChange ? settings.confirmMinutes * MINUTE_MS : 0,
  };
};

/** State of our leases. When the vault can't say, they stand as they stood: unknown is not ended. */
const statesOf = async (vault: Vault, { settings }: CheckoutRecord, { leases }: Requested): Promise<LeaseState[]> => {
  const remembered = leases.map(({ status, endsAt }) => ({ status, endsAt: toMs(endsAt) }));
  if (leases.every(({ status }) => status === 'active')) return remembered;
  const unreadable: RelayError[] = [];
  try {
    const held = await vault.session((session) => {
      const access = session.access(settings);
      if (access.kind !== 'leases') throw unsupported(settings.connection, access.kind);
      return access.held((error) => unreadable.push(error));
    });
    return leases.map(({ id, status, endsAt }) => {
      const lease = held.find((candidate) => candidate.id === id);
      // What can't be read may be this one.
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
 * Since when a change of the credential makes what was delivered worthless. A release knows nothing of the delivery: it
 * goes by its own check-in, and where somebody, such as `reap`, has closed everything before, by the plan. Nothing is
 * allowed for dates that the vault rounds down: what the checkout before has left to change may have changed just before.
 */
const seenAt = (record: CheckoutRecord, { retrieved }: CourseInput, checkedIn: CheckedIn): number =>
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
