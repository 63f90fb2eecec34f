import { limitsOf, ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import {
  addDeliveries,
  batchItems,
  countDeliveries,
  type Deliveries,
  leastDuration,
  type SyncLimits,
} from '#shared/domain/limits/estimate.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { planSync } from '#shared/domain/plan/plan.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { PacedStore, SecretStore, StoreRules } from '#shared/stores/store.ts';
import type { Calls } from '#shared/workflows/calls.ts';
import type { Planned, SyncRun } from '#shared/workflows/sync.ts';
import type { HasEarlierRun } from './earlier-run.ts';
import type { ReadNamed } from './named.ts';
import { scanAll } from './scan.ts';
import { scanNamed } from './scan-named.ts';

export interface PlanDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, callers: number) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<StoreRules>;
  readonly pacingOf: (store: string) => Promise<PacedStore | undefined>;
  readonly records: Records;
  readonly hasEarlierRun: HasEarlierRun;
  readonly readNamed: ReadNamed;
  readonly calls: () => Calls;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Calls to the vault for one item under a lease: open, read, check in. */
const CALLS_PER_LEASE = 3;

/**
 * Compares the vault's list with the store's list of secrets, page by page, and writes the work as batches. Reads no
 * credential and changes nothing outside the run's own records. Repeatable.
 */
export const createPlan =
  ({
    config,
    vaultOf,
    rulesOf,
    storeFor,
    storeRules,
    pacingOf,
    records,
    hasEarlierRun,
    readNamed,
    calls,
    now,
  }: PlanDependencies) =>
  async (run: SyncRun): Promise<Planned> => {
    const { order } = run;
    const rule = ruleOf(config, 'sync', run.rule);
    const { connection, store } = rule;
    const isWhole = order.items === 'all';
    if (isWhole && (await hasEarlierRun(run))) return { status: 'skipped', batches: [], concurrency: 1 };

    const memory = (await records.read(recordAt.memory(run.rule))) ?? emptyMemory();
    const rules = await rulesOf(connection, rule);
    const [vault, secrets] = [await vaultOf(connection, rule.concurrency), await storeFor(store, run.rule)];
    const { name: nameRules } = await storeRules(store);
    const nameOf = createNaming({ template: rule.name, labels: rules.labels, rules: nameRules });
    const { held, eachPage, ...scan } = isWhole
      ? await scanAll(rule, vault, secrets)
      : await scanNamed({ rule, rules, vault, store: secrets, nameOf, named: await readNamed(run) });

    const place = (batch: number) => recordAt.batch(run, batch);
    const limits: SyncLimits = {
      store: await pacingOf(store),
      callsPerSecond: limitsOf(config, connection).perSecond,
      callsPerItem: rules.accessKind === 'leases' ? CALLS_PER_LEASE : 1,
    };
    let deliveries: Deliveries = { items: 0, created: 0, replaced: 0 };
    const batches = createBatchWriter(
      batchItems(rule.batchSize, limits, rule.concurrency),
      (batch, content) => {
        deliveries = addDeliveries(deliveries, countDeliveries(content.items));
        return records.write(place(batch), content);
      },
      (batch) => readRequired(records, place(batch)),
    );
    const { remarks, notes, ...plan } = await planSync({
      connection,
      target: { store, nameOf, held },
      rendering: createRendering(rule.value),
      memory,
      rules: {
        mode: order.mode,
        retryParked: order.retryParked,
        rotationWindowMinutes: rules.rotationWindowMinutes,
        now: now(),
      },
      distinguishingPlaceholder: rules.distinguishingPlaceholder,
      patterns: rules.patterns,
      orphans: rule.orphans,
      isWhole,
      eachPage,
      batches,
    });
    await records.write(recordAt.plan(run), {
      ...plan,
      items: plan.items + scan.remarks.length,
      remarks: [...scan.remarks, ...remarks],
      notes: [...notes],
      backoffs: { ...plan.backoffs },
      leastDuration: leastDuration(deliveries, limits),
      calls: calls(),
    });
    return { status: 'planned', batches: batches.numbers(), concurrency: rule.concurrency };
  };
