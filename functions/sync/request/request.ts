import pMap from 'p-map';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { HeldLease, Leases, Vault } from '#shared/connections/vault.ts';
import { failedWith } from '#shared/delivery/failed.ts';
import { isUpToDate } from '#shared/delivery/targets.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { canReadUnder, leaseConflict, readableLease } from '#shared/leases/authority.ts';
import { type Marker, readMarker } from '#shared/leases/marker.ts';
import { isFor, markedAs } from '#shared/leases/ours.ts';
import { syncTerms } from '#shared/leases/read.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { batchId, type OpenBatches } from '#shared/limits/open-batches.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Calls } from '#shared/workflows/calls.ts';
import type { BatchLease, BatchProgress, BatchRun, Settled } from '#shared/workflows/sync.ts';

export interface RequestDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, share: number) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly records: Records;
  readonly openBatches: Pick<OpenBatches, 'enter' | 'leave'>;
  readonly calls: () => Calls;
}

/** Concurrent store look-ups and vault calls. The vault's client enforces the limits of its connection. */
const MAX_CONCURRENCY = 64;

/** An item of the batch that has to be read. */
interface Wanted extends BatchItem {
  /** Position in the batch. */
  readonly index: number;
  /** Positions of the targets that already have an outcome. */
  readonly settledTargets: ReadonlySet<number>;
}

/** Result of a request: the lease, or the error. */
type Attempt = Wanted &
  ({ readonly opened: { readonly id: string; readonly ours: boolean } } | { readonly error: RelayError });

/**
 * Opens a lease for each item of a batch that is missing or outdated in a store. If reading needs no leases, it only
 * checks the stores. Repeatable: the vault lists a lease of an earlier attempt as held, and the marker identifies it as
 * ours.
 */
export const createRequest = ({ calls, ...dependencies }: RequestDependencies) => {
  const openLeases = createOpenLeases(dependencies);
  return async (input: BatchRun): Promise<BatchProgress> => {
    const progress = await openLeases(input);
    return { ...progress, calls: calls() };
  };
};

const createOpenLeases =
  ({ relayId, config, vaultOf, storeFor, records, openBatches }: Omit<RequestDependencies, 'calls'>) =>
  async ({ batch, order, ...run }: BatchRun): Promise<Omit<BatchProgress, 'calls'>> => {
    const { items } = await readRequired(records, recordAt.batch(run, batch));
    const rule = ruleOf(config, 'sync', run.rule);
    const settled = await settleBeforeReading(items, order.mode, (store) => storeFor(store, run.rule));
    const wanted = wantedOf(items, settled);
    const marker = { relayId, ...run, batch };
    const nothing = { leases: [], settled, releaseEnds: {}, retirements: [] };
    if (wanted.length === 0) return nothing;

    const vault = await vaultOf(rule.connection, rule.concurrency);
    const { accessKind, refusal } = vault.rules(rule);
    const judged = wanted.map((one) => ({ one, refused: settleRefused(one, refusal?.(one.item)) }));
    const known = { ...nothing, settled: [...settled, ...judged.flatMap(({ refused }) => refused)] };
    const allowed = judged.flatMap(({ one, refused }) => (refused.length > 0 ? [] : one));
    if (accessKind === 'plain-reads' || allowed.length === 0) return known;
    await openBatches.enter(batchId(run, batch), allowed.map(openTargetsOf));
    return vault.session(async (session) => {
      const access = session.access(rule);
      if (access.kind !== 'leases') throw unsupported(rule.connection, access.kind);
      await admit(access, allowed.length, () => openBatches.leave(batchId(run, batch), allowed.map(openTargetsOf)));
      const results = await openAll(access, allowed, marker);
      return {
        ...known,
        leases: results.flatMap(({ leases }) => leases),
        settled: [...known.settled, ...results.flatMap((result) => result.settled)],
      };
    });
  };

/** A batch that the vault's limits do not allow yet waits without its place at the stores. */
const admit = async (leases: Leases, items: number, leave: () => Promise<void>): Promise<void> => {
  try {
    await leases.admit?.(items);
  } catch (thrown) {
    await leave();
    throw thrown;
  }
};

/** The item with its targets that have no outcome yet. */
const openTargetsOf = ({ item, targets, settledTargets }: Wanted): BatchItem => ({
  item,
  targets: targets.filter((_, target) => !settledTargets.has(target)),
});

/** Items with a target that has no outcome yet. */
const wantedOf = (items: readonly BatchItem[], settled: readonly Settled[]): Wanted[] => {
  const done = Map.groupBy(settled, ({ item }) => item);
  return items
    .map((item, index): Wanted => {
      const settledTargets = new Set(done.get(index)?.map(({ target }) => target));
      return { ...item, index, settledTargets };
    })
    .filter(({ targets, settledTargets }) => settledTargets.size < targets.length);
};

type StoreOf = (store: string) => Promise<SecretStore>;

/** Outcomes of the targets that need no read: those that are up to date, and those that cannot be delivered to. */
const settleBeforeReading = async (
  items: readonly BatchItem[],
  mode: BatchRun['order']['mode'],
  storeOf: StoreOf,
): Promise<Settled[]> => {
  const all = items.flatMap(({ item, targets }, index) =>
    targets.map((target, position) => ({ title: item.title, target, at: { item: index, target: position } })),
  );
  const settled = await pMap(
    all,
    async ({ title, target, at }): Promise<Settled | undefined> => {
      try {
        const store = await storeOf(target.store);
        const isDone = await isUpToDate(store, target, mode, title);
        return isDone ? { ...at, outcome: 'unchanged', warning: await store.complete?.(target.name) } : undefined;
      } catch (thrown) {
        return { ...at, ...failedWith(asRelayError(thrown, `Looking up ${target.name}`)) };
      }
    },
    { concurrency: MAX_CONCURRENCY },
  );
  return settled.filter((one) => one !== undefined);
};

/** Failed outcomes for all open targets of an item. */
const settleFailed = ({ index, targets, settledTargets }: Wanted, error: RelayError): Settled[] =>
  targets.flatMap((_, target) => (settledTargets.has(target) ? [] : [{ item: index, target, ...failedWith(error) }]));

const settleRefused = (wanted: Wanted, refusal: RelayError | undefined): Settled[] =>
  refusal === undefined ? [] : settleFailed(wanted, refusal);

interface Result {
  readonly leases: readonly BatchLease[];
  readonly settled: readonly Settled[];
}

/** Requests all leases, then lists the held ones once to find pending ones and those whose response was lost. */
const openAll = async (leases: Leases, wanted: readonly Wanted[], marker: Marker): Promise<Result[]> => {
  const terms = syncTerms(marker);
  const attempts = await pMap(
    wanted,
    async (one): Promise<Attempt> => {
      try {
        return { ...one, opened: await leases.open(one.item, terms) };
      } catch (thrown) {
        return { ...one, error: asRelayError(thrown, `Requesting ${one.item.title}`) };
      }
    },
    { concurrency: MAX_CONCURRENCY },
  );
  const held = await listIfAnswered(leases, attempts);
  return attempts.map((attempt) =>
    'opened' in attempt ? classifyOpened(attempt, held, marker) : classifyFailed(attempt, held, marker),
  );
};

/** Lists the held leases, or returns the error. Empty, without a call, if no lease can have been opened. */
const listIfAnswered = async (
  leases: Leases,
  attempts: readonly Attempt[],
): Promise<readonly HeldLease[] | RelayError> => {
  const isWorthAsking = attempts.some((one) => 'opened' in one || mayBeOpen(one.error));
  if (!isWorthAsking) return [];
  try {
    // Unreadable leases are not used for reading. Check-in finds those that are ours.
    return await leases.held(() => {});
  } catch (thrown) {
    return asRelayError(thrown, 'Listing the held leases');
  }
};

const mayBeOpen = (error: RelayError): boolean => error.mayHaveHappened || error.name === 'RequestConflict';

/**
 * Without a list, only leases that the vault reported as new are known to be ours. Check-in finds the rest by the
 * marker.
 */
const classifyOpened = (
  { opened, ...attempt }: Extract<Attempt, { opened: unknown }>,
  held: readonly HeldLease[] | RelayError,
  own: Marker,
): Result => {
  if (held instanceof RelayError && !opened.ours) return { leases: [], settled: settleFailed(attempt, held) };
  const listed = held instanceof RelayError ? [] : held;
  const lease = readableLease(opened, listed, own, attempt.item.title);
  return lease instanceof RelayError
    ? settleInTheWay(
        attempt,
        lease,
        listed.find(({ id }) => id === opened.id),
      )
    : { leases: [{ item: attempt.index, ...lease }], settled: [] };
};

const classifyFailed = (
  { error, ...attempt }: Extract<Attempt, { error: unknown }>,
  held: readonly HeldLease[] | RelayError,
  own: Marker,
): Result => {
  const failed = { leases: [], settled: settleFailed(attempt, error) };
  if (held instanceof RelayError || !mayBeOpen(error)) return failed;
  const ofItem = held.filter((lease) => isFor(lease, attempt.item));
  const lost = ofItem.find(markedAs(own));
  if (lost !== undefined) {
    return { leases: [{ item: attempt.index, id: lost.id, ours: true, status: lost.status }], settled: [] };
  }
  const other = ofItem.find(
    ({ opens, reason }) => opens !== 'target-session' && !canReadUnder(readMarker(reason), own),
  );
  if (error.name !== 'RequestConflict' || other === undefined) return failed;
  return settleInTheWay(attempt, leaseConflict(other, own, attempt.item.title), other);
};

/** If the existing lease waits for an approval, a request of our own would need one as well. */
const settleInTheWay = (wanted: Wanted, error: RelayError, lease: HeldLease | undefined): Result => {
  const settled = settleFailed(wanted, error);
  const isPending = lease?.status === 'pending';
  return { leases: [], settled: isPending ? settled.map((one) => ({ ...one, outcome: 'approvalRequired' })) : settled };
};
