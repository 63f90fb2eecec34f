import pMap from 'p-map';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { HeldLease, Leases, Vault } from '#shared/connections/vault.ts';
import { failedWith } from '#shared/delivery/failed.ts';
import { isUpToDate } from '#shared/delivery/targets.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { inTheWay, mayReadUnder, readableLease } from '#shared/leases/authority.ts';
import { type Marker, readMarker } from '#shared/leases/marker.ts';
import { isFor, markedAs } from '#shared/leases/ours.ts';
import { syncTerms } from '#shared/leases/read.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { BatchLease, BatchProgress, BatchRun, Settled } from '#shared/workflows/sync.ts';

export interface RequestDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, share: number) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly records: Records;
}

/** Store look-ups and vault calls that wait in line at once; the vault's own limits are kept by its client. */
const MAX_IN_LINE = 64;

/** An item of the batch that has to be read. */
interface Wanted extends BatchItem {
  /** Its position in the batch. */
  readonly index: number;
  /** Positions of the targets that have an outcome already. */
  readonly settledTargets: ReadonlySet<number>;
}

/** A lease that the vault answered with, or the error that asking ended in. */
type Attempt = Wanted &
  ({ readonly opened: { readonly id: string; readonly ours: boolean } } | { readonly error: RelayError });

/**
 * Opens a lease for each item of a batch that a store really lacks; where reading needs none, it only looks into the store.
 * Repeatable: a lease that an earlier attempt opened comes back as held, and its marker shows that it is ours.
 */
export const createRequest =
  ({ relayId, config, vaultOf, storeFor, records }: RequestDependencies) =>
  async ({ batch, order, ...run }: BatchRun): Promise<BatchProgress> => {
    const { items } = await readRequired(records, recordAt.batch(run, batch));
    const rule = ruleOf(config, 'sync', run.rule);
    const settled = await settleBeforeReading(items, order.mode, (store) => storeFor(store, run.rule));
    const wanted = wantedOf(items, settled);
    const marker = { relayId, ...run, batch };
    const nothing = { leases: [], settled, releaseEnds: {}, retirements: [] };
    if (wanted.length === 0) return nothing;

    const vault = await vaultOf(rule.connection, rule.concurrency);
    const { wayIn, refusal } = vault.rules(rule);
    if (wayIn === 'plain-reads') {
      return { ...nothing, settled: [...settled, ...wanted.flatMap((one) => settleRefused(one, refusal?.(one.item)))] };
    }
    return vault.session(async (session) => {
      const access = session.access(rule);
      if (access.kind !== 'leases') throw unsupported(rule.connection, access.kind);
      const results = await openAll(access, wanted, marker);
      return {
        ...nothing,
        leases: results.flatMap(({ leases }) => leases),
        settled: [...settled, ...results.flatMap((result) => result.settled)],
      };
    });
  };

/** The items that a target still has to get. */
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

/** Outcomes of the targets that need no read: those that hold what they should, and those that can't be delivered to. */
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
        const isDone = await isUpToDate(await storeOf(target.store), target, mode, title);
        return isDone ? { ...at, outcome: 'unchanged' } : undefined;
      } catch (thrown) {
        return { ...at, ...failedWith(asRelayError(thrown, `Looking up ${target.name}`)) };
      }
    },
    { concurrency: MAX_IN_LINE },
  );
  return settled.filter((one) => one !== undefined);
};

/** One outcome for each target of an item that an error ended. */
const settleFailed = ({ index, targets, settledTargets }: Wanted, error: RelayError): Settled[] =>
  targets.flatMap((_, target) => (settledTargets.has(target) ? [] : [{ item: index, target, ...failedWith(error) }]));

const settleRefused = (wanted: Wanted, refusal: RelayError | undefined): Settled[] =>
  refusal === undefined ? [] : settleFailed(wanted, refusal);

interface Result {
  readonly leases: readonly BatchLease[];
  readonly settled: readonly Settled[];
}

/** Asks for all leases, then looks once at what is held: what is pending, what is ours, where answers got lost. */
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
    { concurrency: MAX_IN_LINE },
  );
  const held = await listIfAnswered(leases, attempts);
  return attempts.map((attempt) =>
    'opened' in attempt ? classifyOpened(attempt, held, marker) : classifyFailed(attempt, held, marker),
  );
};

/** Everything that is held; an error when the vault does not say. Empty without a call when nothing can have been opened. */
const listIfAnswered = async (
  leases: Leases,
  attempts: readonly Attempt[],
): Promise<readonly HeldLease[] | RelayError> => {
  const isWorthAsking = attempts.some((one) => 'opened' in one || mayBeOpen(one.error));
  if (!isWorthAsking) return [];
  try {
    // What it does not show readably is not read under; check-in finds out whether it is ours.
    return await leases.held(() => {});
  } catch (thrown) {
    return asRelayError(thrown, 'Listing what is held');
  }
};

const mayBeOpen = (error: RelayError): boolean => error.mayHaveHappened || error.name === 'RequestConflict';

/** Without a list only what the vault said so of is known to be ours; check-in finds the rest by the marker. */
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
  const ofItem = held.filter((lease) => isFor(lease, attempt.item.ref));
  const lost = ofItem.find(markedAs(own));
  if (lost !== undefined) {
    return { leases: [{ item: attempt.index, id: lost.id, ours: true, status: lost.status }], settled: [] };
  }
  const other = ofItem.find(
    ({ opens, reason }) => opens !== 'target-session' && !mayReadUnder(readMarker(reason), own),
  );
  if (error.name !== 'RequestConflict' || other === undefined) return failed;
  return settleInTheWay(attempt, inTheWay(other, own, attempt.item.title), other);
};

/** Whoever asks for an item whose lease waits for an approval would need one, too. */
const settleInTheWay = (wanted: Wanted, error: RelayError, lease: HeldLease | undefined): Result => {
  const settled = settleFailed(wanted, error);
  const isPending = lease?.status === 'pending';
  return { leases: [], settled: isPending ? settled.map((one) => ({ ...one, outcome: 'approvalRequired' })) : settled };
};
