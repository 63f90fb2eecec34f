import type { CheckedIn, CourseInput, Requested } from '#shared/checkout-workflow.ts';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { nameInVault } from '#shared/domain/account.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import { type Course, type LeaseState, type Move, nextMove, wasHandedOut } from '#shared/domain/next-move.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';

export interface WatchDependencies {
  readonly vaultOf: (connection: string) => Vault;
  readonly records: Records;
  readonly notes: Notes;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Looks how a checkout stands and says what it does next. Changes nothing, and asks the vault only where it has to know:
 * whether somebody approved, and whether the credential has changed. Safe to repeat.
 */
export const createWatch =
  ({ vaultOf, records, notes, now }: WatchDependencies) =>
  async (input: CourseInput): Promise<Move> => {
    const { run, order } = input;
    const record = await records.read(checkoutAt.record(order.checkout, run));
    // A release that came before the checkout itself: nothing was opened, and nothing is to be confirmed.
    if (record === undefined) return { next: 'report', waitSeconds: 0, ending: 'cancelled' };
    const vault = vaultOf(record.rule.connection);
    const { requested, retrieved, checkedIn, retired, watched } = input;
    const course: Course = {
      plan: planOf(record),
      notes: readNotes(await notes.list(noteAt.prefix(order.checkout, run))),
      ...(requested &&
        !checkedIn && {
          requested: { ...requested, at: Date.parse(requested.at), leases: await statesOf(vault, requested) },
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

const planOf = (record: CheckoutRecord): Course['plan'] => {
  const { order, rule } = record;
  const plannedAt = Date.parse(record.plannedAt);
  const from = Math.max(plannedAt, order.window.from === undefined ? plannedAt : Date.parse(order.window.from));
  const window: Course['plan']['window'] =
    'until' in order.window ? { until: Date.parse(order.window.until) } : { minutes: order.window.minutes };
  const patienceEndsAt = from + rule.approvalHours * HOUR_MS;
  return {
    from,
    window,
    longestExtensionMs: rule.extensionMinutes * MINUTE_MS,
    patienceEndsAt: 'until' in window ? Math.min(patienceEndsAt, window.until) : patienceEndsAt,
    needsRequest: rule.access === 'request',
    confirmMs: confirmMs(record),
  };
};

/** Only the release of a credential, by a request that was told to change it, is followed by a change. */
const confirmMs = ({ rule }: CheckoutRecord): number =>
  rule.rotateOnCheckIn && rule.access === 'request' && ACCESS_FOR[rule.handsOut] === 'View'
    ? rule.confirmMinutes * MINUTE_MS
    : 0;

/** How our requests stand. When the vault can't say, they stand as they stood: unknown is not ended. */
const statesOf = async (vault: Vault, { leases }: Requested): Promise<LeaseState[]> => {
  const remembered = leases.map(({ status, expiresAt }) => ({ status, expiresAt: toMs(expiresAt) }));
  if (leases.every(({ status }) => status === 'active')) return remembered;
  try {
    const open = await vault.withSession((session) => session.listOpenRequests());
    return leases.map(({ requestId, expiresAt }) => {
      const row = open.find((candidate) => candidate.requestId === requestId);
      return { status: row?.status ?? 'gone', expiresAt: toMs(row?.expiresAt ?? expiresAt) };
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return remembered;
    throw thrown;
  }
};

const toMs = (date: string | undefined): number | undefined => (date === undefined ? undefined : Date.parse(date));

/**
 * Since when a change of the credential makes what was handed out worthless. A release knows nothing of the delivery: it
 * goes by its own check-in, and where somebody, such as `reap`, has given everything back before, by the plan. Nothing is
 * allowed for dates that the vault rounds down: what the checkout before has left to change may have changed just before.
 */
const seenAt = (record: CheckoutRecord, { retrieved }: CourseInput, checkedIn: CheckedIn): number =>
  Date.parse(retrieved?.at ?? (checkedIn.givenBack > 0 ? checkedIn.at : record.plannedAt));

const haveChanged = async (vault: Vault, { items }: CheckoutRecord, since: number): Promise<boolean> => {
  const hasChanged = async (session: VaultSession, { account }: CheckoutRecord['items'][number]): Promise<boolean> => {
    const row = await session.findAccount(account.systemName, nameInVault(account));
    return !!row && !row.changing && row.changedAt !== undefined && Date.parse(row.changedAt) >= since;
  };
  try {
    return await vault.withSession(async (session) => {
      for (const item of items) if (!(await hasChanged(session, item))) return false;
      return true;
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return false;
    throw thrown;
  }
};
