import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { planSync } from '#shared/domain/plan/plan.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore, StoreRules } from '#shared/stores/store.ts';
import type { Planned, SyncRun } from '#shared/workflows/sync.ts';
import type { HasEarlierRun } from './earlier-run.ts';
import type { ReadNamed } from './named.ts';
import { scanAll } from './scan.ts';
import { scanNamed } from './scan-named.ts';

export interface PlanDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly storeFor: (store: string, rule: string) => Promise<SecretStore>;
  readonly storeRules: (store: string) => Promise<StoreRules>;
  readonly records: Records;
  readonly hasEarlierRun: HasEarlierRun;
  readonly readNamed: ReadNamed;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Compares the vault's list with the store's list of secrets, page by page, and writes the work as batches. Reads no
 * credential and changes nothing outside the run's own records. Repeatable.
 */
export const createPlan =
  ({ config, vaultOf, rulesOf, storeFor, storeRules, records, hasEarlierRun, readNamed, now }: PlanDependencies) =>
  async (run: SyncRun): Promise<Planned> => {
    const { order } = run;
    const rule = ruleOf(config, 'sync', run.rule);
    const { connection, store } = rule;
    const isWhole = order.items === 'all';
    if (isWhole && (await hasEarlierRun(run))) return { status: 'skipped', batches: [], concurrency: 1 };

    const memory = (await records.read(recordAt.memory(run.rule))) ?? emptyMemory();
    const rules = await rulesOf(connection, rule);
    const [vault, secrets] = [await vaultOf(connection), await storeFor(store, run.rule)];
    const { name: nameRules } = await storeRules(store);
    const nameOf = createNaming({ template: rule.name, labels: rules.labels, rules: nameRules });
    const { held, eachPage, ...scan } = isWhole
      ? await scanAll(rule, vault, secrets)
      : await scanNamed({ rule, rules, vault, store: secrets, nameOf, named: await readNamed(run) });

    const place = (batch: number) => recordAt.batch(run, batch);
    const batches = createBatchWriter(
      rule.batchSize,
      (batch, content) => records.write(place(batch), content),
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
    });
    return { status: 'planned', batches: batches.numbers(), concurrency: rule.concurrency };
  };
