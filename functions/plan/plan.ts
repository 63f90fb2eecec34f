import type { Vault } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Planned, Run } from '#shared/workflow.ts';
import { createBatchWriter } from './batch-writer.ts';
import { createBulkItems } from './bulk-items.ts';
import { createComparison } from './comparison.ts';
import { lookAtAll, lookAtNamed } from './looks.ts';
import type { ReadNamed } from './named.ts';
import { decideOrphans } from './orphans.ts';
import type { IsOvertaken } from './predecessor.ts';

export interface PlanDependencies {
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly vaultFor: (sync: string) => Vault;
  readonly storeFor: (sync: string) => SecretStore;
  readonly records: Records;
  readonly isOvertaken: IsOvertaken;
  readonly readNamed: ReadNamed;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Compares what the vault lists with the store's list of secrets, page by page, and writes down what is to be done in
 * batches. Reads no credential and changes nothing outside the run's own records, so it may be repeated.
 */
export const createPlan =
  ({ syncs, vaultFor, storeFor, records, isOvertaken, readNamed, now }: PlanDependencies) =>
  async ({ run, order }: Run): Promise<Planned> => {
    const config = syncNamed(syncs, order.sync);
    const isWhole = order.accounts === 'all';
    if (isWhole && (await isOvertaken(order.sync, run))) return { status: 'skipped', batches: [], concurrency: 1 };

    const memory = (await records.read(recordAt.memory(order.sync))) ?? emptyMemory();
    const [vault, store] = [vaultFor(order.sync), storeFor(order.sync)];
    const { stored, eachPage } = isWhole
      ? await lookAtAll(config, vault, store)
      : await lookAtNamed(config, vault, store, await readNamed(order.sync, run));

    const place = (batch: number) => recordAt.batch(order.sync, run, batch);
    const batches = createBatchWriter(
      config.batchSize,
      (batch, content) => records.write(place(batch), content),
      (batch) => readRequired(records, place(batch)),
    );
    const comparison = createComparison(config, stored, memory, {
      mode: order.mode,
      retryParked: order.retryParked,
      rotationWindowMinutes: config.source === 'secrets-safe' ? 0 : config.rotationWindowMinutes,
      now: now(),
    });
    const bulk = createBulkItems();
    let complete = true;
    await eachPage(async (page) => {
      complete &&= page.complete;
      for (const subject of page.selected) {
        const item = comparison.compare(subject, batches.next());
        if (subject.kind === 'safe-secret') bulk.note(subject, item);
        else if (item !== undefined) await batches.add(item);
      }
      for (const subject of page.passedOver) if (subject.kind === 'safe-secret') bulk.note(subject, undefined);
    });
    await comparison.withdrawCollisions(async (batch, isWithdrawn) => {
      bulk.withdraw(isWithdrawn);
      await batches.withdraw(batch, isWithdrawn);
    });
    for (const item of bulk.items()) await batches.add(item);
    await batches.flush();

    const { names, ...orphans } = decideOrphans(comparison.orphans(), complete, config.orphans);
    await batches.retire(names);
    await records.write(recordAt.plan(order.sync, run), { ...comparison.summary(), complete, orphans });
    return { status: 'planned', batches: batches.numbers(), concurrency: config.concurrency };
  };
