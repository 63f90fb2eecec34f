import { limitsOf, onlyStoreOf, ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import type { Labels } from '#shared/domain/item.ts';
import {
  addDeliveries,
  batchItems,
  countDeliveries,
  type Deliveries,
  leastDuration,
  type SyncLimits,
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
import type { PlanRecord } from '#shared/records/records.ts';
import type { PacedStore, SecretStore, StoreRules } from '#shared/stores/store.ts';
import { scanAll } from './scan.ts';
import { scanNamed } from './scan-named.ts';

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
  readonly writeBatch: (batch: number, content: Batch) => Promise<void>;
  readonly readBatch: (batch: number) => Promise<Batch>;
  /** Takes note of each decision, in addition to the plan id. */
  readonly ledger?: Ledger | undefined;
}

export interface RulePlan {
  readonly record: Omit<PlanRecord, 'calls'> & { readonly planId: string };
  /** Numbers of the written batches. */
  readonly batches: number[];
  readonly concurrency: number;
}

/**
 * Plans one sync: compares the vault's list with the store's list of secrets, page by page, and passes on the work as
 * batches. Reads no credential and writes nothing else. The step of a run and `pam-relay plan` both call it, so they
 * make the same decisions. Repeatable.
 */
export const planRule = async (
  { config, vaultOf, rulesOf, storeFor, storeRules, pacingOf }: PlanSides,
  { sync, memory, named, writeBatch, readBatch, ledger, mode, retryParked, now }: PlanTerms,
): Promise<RulePlan> => {
  const rule = ruleOf(config, 'sync', sync);
  const { connection } = rule;
  const store = onlyStoreOf(rule);
  const rules = await rulesOf(connection, rule);
  const [vault, secrets] = [await vaultOf(connection, rule.concurrency), await storeFor(store, sync)];
  const { name: nameRules } = await storeRules(store);
  const nameOf = createNaming({ template: rule.name, labels: rules.labels, rules: nameRules });
  const { held, eachPage, ...scan } =
    named === undefined
      ? await scanAll(rule, vault, secrets)
      : await scanNamed({ rule, rules, vault, store: secrets, nameOf, named });

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
      return writeBatch(batch, content);
    },
    readBatch,
  );
  const planId = createPlanId();
  const decisions = ledger === undefined ? planId : both(planId, ledger);
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
  const { remarks, notes, ...plan } = await planSync({
    connection,
    target: { store, nameOf, held },
    rendering: createRendering(rule.value),
    memory,
    rules: { mode, retryParked, rotationWindowMinutes: rules.rotationWindowMinutes, now },
    distinguishingPlaceholder: rules.distinguishingPlaceholder,
    patterns: rules.patterns,
    orphans: rule.orphans,
    isWhole: named === undefined,
    eachPage,
    batches,
    ledger: decisions,
  });
  return {
    record: {
      ...plan,
      planId: planId.id({ sync, connection, store }),
      items: plan.items + scan.remarks.length,
      remarks: [...scan.remarks, ...remarks],
      notes: [...notes],
      backoffs: { ...plan.backoffs },
      leastDuration: leastDuration(deliveries, limits),
    },
    batches: batches.numbers(),
    concurrency: rule.concurrency,
  };
};

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
