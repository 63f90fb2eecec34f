import pMap from 'p-map';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { failedWith } from '#shared/delivery/failed.ts';
import { DEFAULT_RECOVERY_DAYS, recoveryIn } from '#shared/delivery/recovery.ts';
import { deliverTo } from '#shared/delivery/targets.ts';
import type { Batch, BatchItem, Orphan } from '#shared/domain/plan/batch.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { SecretStore, StoreRules } from '#shared/stores/store.ts';
import { addCalls, type Calls } from '#shared/workflows/calls.ts';
import type { BatchProgress, BatchRun, Retirement, Settled } from '#shared/workflows/sync.ts';
import { createReader, type Reader, type Reading } from './reader.ts';

export interface RetrieveDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, share: number) => Promise<Vault>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<Pick<StoreRules, 'recovery'>>;
  readonly records: Records;
  readonly calls: () => Calls;
}

/** Concurrent items. More than the vault accepts at a time, so that it is used while stores respond. */
const MAX_CONCURRENCY = 64;

/** Minimum time left in the invocation to begin an item, so that the step can still return every lease to check-in. */
const MIN_REMAINING_MS = 30_000;

const MAX_RETIRE_CONCURRENCY = 4;

/**
 * Reads each credential once and delivers it to its targets. This is the only step of a sync that handles credentials,
 * and the only one that can write to a store, so it also retires orphans. Repeatable: stamps are derived from the
 * vault's list, so a second delivery finds the first.
 */
export const createRetrieve =
  ({ relayId, config, vaultOf, storeFor, storeRules, records, calls }: RetrieveDependencies) =>
  async (
    { batch, order, requested, ...run }: BatchRun & { requested: BatchProgress },
    { remainingMs }: StepContext,
  ): Promise<BatchProgress> => {
    const content = await readRequired(records, recordAt.batch(run, batch));
    const rule = ruleOf(config, 'sync', run.rule);
    const rendering = createRendering(rule.value);
    const own = { relayId, ...run, batch };
    const storeOf = (store: string) => storeFor(store, run.rule);

    /** Reads the value of an item; returns the outcome of its targets if there is none. Never rejects. */
    const readValue = async (read: Reader, reading: Reading): Promise<Value | NoValue> => {
      const { item, lease } = reading;
      if (lease?.status === 'pending') return { outcome: 'approvalRequired' };
      try {
        requireTime(remainingMs());
        return { value: rendering.render(item, (await read(reading)).content) };
      } catch (thrown) {
        return outcomeOf(thrown, item.title);
      }
    };

    const deliver = async (
      { item, targets }: BatchItem,
      at: Pick<Settled, 'item' | 'target'>,
      value: Secret<SecretContent>,
    ): Promise<Settled> => {
      const target = targets[at.target];
      try {
        if (target === undefined) throw new RelayError('ContractViolated', `${item.title} has no target ${at.target}.`);
        // It may have waited for others in the queue of a slow store.
        requireTime(remainingMs());
        const store = await storeOf(target.store);
        const result = await deliverTo(store, target, value, order.mode, `${item.title}, delivered by pam-relay.`);
        return { ...at, ...result };
      } catch (thrown) {
        return { ...at, ...outcomeOf(thrown, item.title) };
      }
    };

    /**
     * Reads each item once, and delivers it to its open targets. Each store has a queue of its own, so that a slow one
     * delays no other.
     */
    const takeAll = async (
      readings: readonly Reading[],
      readOne: (reading: Reading) => Promise<Value | NoValue>,
    ): Promise<Settled[]> => {
      const values = readings.map((reading) => ({ reading, ...Promise.withResolvers<Value | NoValue>() }));
      const reads = pMap(values, async ({ reading, resolve }) => resolve(await readOne(reading)), {
        concurrency: MAX_CONCURRENCY,
      });
      const targets = values.flatMap(({ reading, promise }) =>
        openTargets(reading, requested.settled).map((at) => ({ reading, at, read: promise })),
      );
      const queues = Map.groupBy(targets, ({ reading, at }) => reading.targets[at.target]?.store);
      const delivered = [...queues.values()].map((queue) =>
        pMap(
          queue,
          async ({ reading, at, read }): Promise<Settled> => {
            const found = await read;
            return 'value' in found ? deliver(reading, at, found.value) : { ...at, ...found };
          },
          { concurrency: MAX_CONCURRENCY },
        ),
      );
      const [, ...settled] = await Promise.all([reads, ...delivered]);
      return settled.flat();
    };

    const vault = await vaultOf(rule.connection, rule.concurrency);
    const readings = readingsOf(content, requested, vault.rules(rule).accessKind);
    const taken =
      readings.length === 0
        ? []
        : await vault.session((session) => {
            const items = readings.map(({ item }) => item);
            const read = createReader(session, rule, own, items);
            return takeAll(readings, (reading) => readValue(read, reading));
          });
    return {
      leases: readings.flatMap(({ lease }) => lease ?? []),
      settled: [...requested.settled, ...taken],
      releaseEnds: releaseEndsOf(readings),
      retirements: await retireAll({ storeOf, storeRules }, content.retire, rule.orphans, remainingMs),
      calls: addCalls(requested.calls, calls()),
    };
  };

/** Value of an item as it is delivered. */
interface Value {
  readonly value: Secret<SecretContent>;
}

/** Outcome of all targets of an item that was not read. */
type NoValue = Pick<Settled, 'outcome' | 'failure'>;

/** Items to read: those with a lease, or, if reading needs no leases, those with an open target. */
const readingsOf = (
  { items }: Batch,
  { leases, settled }: BatchProgress,
  accessKind: SourceRules['accessKind'],
): Reading[] => {
  const leaseOf = new Map(leases.map((lease) => [lease.item, lease]));
  return items.flatMap((item, index): Reading[] => {
    const reading: Reading = { ...item, index };
    const lease = leaseOf.get(index);
    if (lease !== undefined) return [{ ...reading, lease }];
    return accessKind === 'leases' || openTargets(reading, settled).length === 0 ? [] : [reading];
  });
};

/** Targets of an item without an outcome. */
const openTargets = ({ index, targets }: Reading, settled: readonly Settled[]): Pick<Settled, 'item' | 'target'>[] =>
  targets
    .map((_, target) => ({ item: index, target }))
    .filter((at) => !settled.some(({ item, target }) => item === at.item && target === at.target));

const releaseEndsOf = (readings: readonly Reading[]): Record<string, number> =>
  Object.fromEntries(
    readings.flatMap(({ index, releaseEndsAt }) => (releaseEndsAt === undefined ? [] : [[index, releaseEndsAt]])),
  );

const outcomeOf = (thrown: unknown, title: string): Pick<Settled, 'outcome' | 'failure'> => {
  const error = asRelayError(thrown, `Delivering ${title}`);
  return error.name === 'ApprovalPending' ? { outcome: 'approvalRequired' } : failedWith(error);
};

const requireTime = (remainingMs: number): void => {
  if (remainingMs >= MIN_REMAINING_MS) return;
  throw new RelayError('OutOfTime', 'The step ran out of time; the next run continues. Use a smaller batchSize.');
};

/** Returns one outcome for each orphan, independent of the others. */
const retireAll = async (
  {
    storeOf,
    storeRules,
  }: Pick<RetrieveDependencies, 'storeRules'> & { readonly storeOf: (store: string) => Promise<SecretStore> },
  orphans: readonly Orphan[],
  rule: SyncConfig['orphans'],
  remainingMs: () => number,
): Promise<Retirement[]> => {
  if (rule.policy === 'keep') return orphans.map((_, orphan) => ({ orphan, outcome: 'kept' }));
  return pMap(
    orphans,
    async ({ store, name }, orphan): Promise<Retirement> => {
      try {
        requireTime(remainingMs());
        const recovery = recoveryIn(await storeRules(store), rule.recoveryDays ?? DEFAULT_RECOVERY_DAYS);
        const isRetired = await (await storeOf(store)).retire(name, recovery);
        return { orphan, outcome: isRetired ? 'retired' : 'gone' };
      } catch (thrown) {
        return { orphan, ...failedWith(asRelayError(thrown, `Retiring ${name}`)) };
      }
    },
    { concurrency: MAX_RETIRE_CONCURRENCY },
  );
};
