import { limitsOf, ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { createChanges } from '#shared/domain/changes.ts';
import type { Labels } from '#shared/domain/item.ts';
import {
  addItems,
  batchItems,
  leastDuration,
  type PaceOfStore,
  type SyncLimits,
  type Workload,
} from '#shared/domain/limits/estimate.ts';
import type { Memory } from '#shared/domain/memory.ts';
import { createNaming } from '#shared/domain/naming.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import type { PlanRules } from '#shared/domain/plan/decide.ts';
import type { Ledger } from '#shared/domain/plan/ledger.ts';
import { planSync } from '#shared/domain/plan/plan.ts';
import { createPlanId } from '#shared/domain/plan/plan-id.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { type Holds, noHolds } from '#shared/domain/rotation/holds.ts';
import type { ActiveAccounts } from '#shared/domain/turns.ts';
import type { PlanRecord, Records } from '#shared/records/records.ts';
import { canRotate, holdsAt } from '#shared/records/rotation-holds.ts';
import type { PacedStore, SecretStore, StoreRules } from '#shared/stores/store.ts';
import { createCurrentTargets } from './current-targets.ts';
import { type StoreSide, scanAll } from './scan.ts';
import { scanNamed } from './scan-named.ts';
import { createDeliveries, createTurns } from './turns.ts';

/** Access to both sides of a sync. */
export interface PlanSides {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, callers: number) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<StoreRules>;
  readonly pacingOf: (store: string) => Promise<PacedStore | undefined>;
}

export interface PlanTerms extends Pick<PlanRules, 'mode' | 'retryParked' | 'now'> {
  /** Name of the sync in relay.yaml. */
  readonly sync: string;
  readonly memory: Memory;
  /** Items to plan for; undefined for all. */
  readonly named?: readonly Labels[] | undefined;
  /** Records bucket with the holds of rotations; undefined if it is unknown. */
  readonly records?: Pick<Records, 'read'> | undefined;
  readonly writeBatch: (batch: number, content: Batch) => Promise<void>;
  readonly readBatch: (batch: number) => Promise<Batch>;
  /** Recorded active accounts of items whose accounts take turns. */
  readonly active?: ActiveAccounts | undefined;
  /** Takes note of each decision, in addition to the plan id. */
  readonly ledger?: Ledger | undefined;
}

export interface RulePlan {
  readonly record: Omit<PlanRecord, 'calls'>;
  /** Numbers of the written batches. */
  readonly batches: number[];
  readonly concurrency: number;
  /** Active accounts of the listed items whose accounts take turns, recorded or found out. */
  readonly active: ActiveAccounts;
}

/**
 * Plans one sync: compares the vault's list with each store's list of secrets, page by page, and passes on the work as
 * batches. Reads no credential and writes nothing else. The step of a run and `pam-relay plan` both call it, so they
 * make the same decisions. Repeatable.
 */
export const planRule = async (
  { config, vaultOf, rulesOf, storeFor, storeRules, pacingOf }: PlanSides,
  { sync, memory, named, active = {}, records, writeBatch, readBatch, ledger, mode, retryParked, now }: PlanTerms,
): Promise<RulePlan> => {
  const rule = ruleOf(config, 'sync', sync);
  const { connection, stores } = rule;
  const rules = await rulesOf(connection, rule);
  const vault = await vaultOf(connection, rule.concurrency);
  const sides = await Promise.all(
    stores.map(async (store): Promise<StoreSide> => {
      const { name } = await storeRules(store);
      const nameOf = createNaming({ template: rule.name, labels: rules.labels, rules: name });
      return { store, secrets: await storeFor(store, sync), nameOf };
    }),
  );
  const since = memory.changes?.listedAt;
  const { targets, unlisted, eachPage, ...scan } =
    named === undefined
      ? await scanAll(rule, vault, sides, since)
      : await scanNamed({ rule, rules, vault, sides, named, since });
  const listed = targets.map(({ store }) => store);

  const limits: SyncLimits = {
    stores: await pacesOf(listed, pacingOf),
    callsPerSecond: limitsOf(config, connection).perSecond,
    callsPerItem: rules.callsPerItem ?? (rules.accessKind === 'leases' ? CALLS_PER_LEASE : 1),
  };
  let workload: Workload = { items: 0, stores: {} };
  const batches = createBatchWriter(
    batchItems(rule.batchSize, limits, rule.concurrency),
    (batch, content) => {
      workload = addItems(workload, content.items);
      return writeBatch(batch, content);
    },
    readBatch,
  );
  const planId = createPlanId();
  const deliveries = createDeliveries(stores);
  const current = createCurrentTargets();
  const noted = both(both(planId, deliveries), current);
  const decisions = ledger === undefined ? noted : both(noted, ledger);
  const rendering = createRendering(rule.value);
  const changes = createChanges(memory.changes, new Date(now).toISOString());
  const turns = createTurns({ connection, targets, fingerprint: rendering.fingerprint, active });
  for (const { item, message, error = 'Unexpected' } of scan.remarks) {
    decisions.add({
      action: 'refuse',
      subject: item,
      reason: message,
      error,
      facts: [item, error],
      dependsOnMemory: false,
    });
  }
  const { remarks, notes, skipped, ...plan } = await planSync({
    connection,
    targets,
    rendering,
    memory,
    rules: { mode, retryParked, rotationWindowMinutes: rules.rotationWindowMinutes, now },
    distinguishingPlaceholder: rules.distinguishingPlaceholder,
    rotationFix: rules.rotationFix,
    patterns: rules.patterns,
    orphans: rule.orphans,
    isWhole: named === undefined,
    eachPage: (visit) => eachPage((page, preparation) => visit(turns.resolve(changes.date(page)), preparation)),
    readHolds: createReadHolds(config, connection, records),
    batches,
    ledger: decisions,
  });
  // A list of some items proves nothing about the changes of the others.
  const learned = named === undefined ? changes.known() : undefined;
  return {
    record: {
      ...plan,
      planId: planId.id({ sync, connection, stores: listed }),
      items: plan.items + scan.remarks.length,
      unchanged: { ...plan.unchanged },
      unlisted: { ...unlisted },
      remarks: [...scan.remarks.map((remark) => ({ ...remark, stores: listed })), ...remarks],
      notes: [...Object.entries(unlisted).map(noteOnUnlisted), ...notes, ...limited(scan.warnings)],
      ...(skipped !== undefined && { skipped: [...skipped] }),
      backoffs: { ...plan.backoffs },
      absences: { ...plan.absences },
      ...(learned !== undefined && { changes: learned }),
      leastDuration: leastDuration(workload, limits),
      ...(rules.inTurns === true && { turns: { ...deliveries.planned() } }),
      ...(named !== undefined && { current: current.targets() }),
    },
    batches: batches.numbers(),
    concurrency: rule.concurrency,
    active: turns.found(),
  };
};

/** A vault without rotations has no holds. */
const createReadHolds = (
  config: Pick<RelayConfig, 'connections' | 'rotations'>,
  connection: string,
  records: Pick<Records, 'read'> | undefined,
): (() => Promise<Holds>) | undefined =>
  records === undefined || !canRotate(config, connection)
    ? undefined
    : async () => (await records.read(holdsAt(config, connection))) ?? noHolds();

const pacesOf = async (stores: readonly string[], pacingOf: PlanSides['pacingOf']): Promise<PaceOfStore[]> => {
  const paces = await Promise.all(stores.map(async (store) => ({ store, pacing: await pacingOf(store) })));
  return paces.flatMap(({ store, pacing }) => {
    if (pacing === undefined) return [];
    const { perSecond, create, replace } = pacing;
    return [{ store, perSecond, create, replace }];
  });
};

const noteOnUnlisted = ([store, failure]: readonly [store: string, failure: string]): string =>
  `The store ${store} could not be listed, so nothing was delivered to it; the next run tries again. ${failure}`;

/** Warnings of a store in one report. */
const MAX_WARNINGS = 20;

const limited = (warnings: readonly string[]): string[] => [
  ...warnings.slice(0, MAX_WARNINGS),
  ...(warnings.length > MAX_WARNINGS ? [`… and ${warnings.length - MAX_WARNINGS} more secrets with warnings.`] : []),
];

/** Calls to the vault for one item under a lease: open, read, check in. */
const CALLS_PER_LEASE = 3;

/** Passes each decision to two ledgers, which count the same positions. */
const both = (one: Ledger, other: Ledger): Ledger => ({
  add(decision) {
    other.add(decision);
    return one.add(decision);
  },
  withdraw(position) {
    one.withdraw(position);
    other.withdraw(position);
  },
});
