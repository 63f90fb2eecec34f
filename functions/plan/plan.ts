import type { Vault } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Planned, Run } from '#shared/workflow.ts';
import { createBatchWriter } from './batch-writer.ts';
import { createComparison } from './comparison.ts';
import { decideOrphans } from './orphans.ts';
import type { IsOvertaken } from './predecessor.ts';

export interface PlanDependencies {
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly vaultFor: (sync: string) => Vault;
  readonly storeFor: (sync: string) => SecretStore;
  readonly records: Records;
  readonly isOvertaken: IsOvertaken;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Compares the vault's list of accounts with the store's list of secrets, page by page, and writes down what is to be
 * done in batches. Reads no credential and changes nothing outside the run's own records, so it may be repeated.
 */
export const createPlan =
  ({ syncs, vaultFor, storeFor, records, isOvertaken, now }: PlanDependencies) =>
  async ({ run, order }: Run): Promise<Planned> => {
    const config = syncNamed(syncs, order.sync);
    if (await isOvertaken(order.sync, run)) return { status: 'skipped', batches: [], concurrency: 1 };

    const memory = (await records.read(recordAt.memory(order.sync))) ?? emptyMemory();
    const stored = new Map<string, string | undefined>();
    for await (const page of storeFor(order.sync).list()) {
      for (const { name, currentVersionId } of page) stored.set(name, currentVersionId);
    }

    const place = (batch: number) => recordAt.batch(order.sync, run, batch);
    const batches = createBatchWriter(
      config.batchSize,
      (batch, content) => records.write(place(batch), content),
      (batch) => readRequired(records, place(batch)),
    );
    const comparison = createComparison(config, stored, memory, {
      mode: order.mode,
      retryParked: order.retryParked,
      rotationWindowMinutes: config.rotationWindowMinutes,
      now: now(),
    });
    let complete = true;
    await vaultFor(order.sync).withSession(async (session) => {
      for await (const page of session.listAccounts(config.select)) {
        complete &&= page.complete;
        for (const account of page.accounts) {
          const item = comparison.compare(account, batches.next());
          if (item !== undefined) await batches.add(item);
        }
      }
    });
    await batches.flush();
    await comparison.withdrawCollisions(batches.withdraw);

    const { names, ...orphans } = decideOrphans(comparison.orphans(), complete, config.orphans);
    await batches.retire(names);
    await records.write(recordAt.plan(order.sync, run), { ...comparison.summary(), complete, orphans });
    return { status: 'planned', batches: batches.numbers(), concurrency: config.concurrency };
  };
