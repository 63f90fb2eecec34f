import type { Vault } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { opensRequests } from '#shared/config/sync-rules.ts';
import { type BatchRecord, type Records, recordAt } from '#shared/records/records.ts';
import type { BatchProgress, BatchRun, Settled } from '#shared/workflow.ts';
import { giveBackAll } from './give-back.ts';

export interface CheckInDependencies {
  readonly relayId: string;
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly vaultFor: (sync: string) => Vault;
  readonly records: Records;
}

interface CheckInInput extends BatchRun {
  readonly requested?: BatchProgress | undefined;
  readonly retrieved?: BatchProgress | undefined;
  readonly error?: unknown;
}

/**
 * Gives back every request of this batch: those whose ids are known first, then whatever carries its marker. Then it
 * writes down what became of the batch. Safe to repeat: what is gone counts as given back. Raises the first error when
 * something could not be given back, so that the workflow tries again.
 */
export const createCheckIn =
  ({ relayId, syncs, vaultFor, records }: CheckInDependencies) =>
  async ({ run, order, batch, requested, retrieved, error }: CheckInInput): Promise<{ givenBack: number }> => {
    const progress = retrieved ?? requested;
    const place = recordAt.batchRecord(order.sync, run, batch);
    const settled = progress?.settled ?? [];
    const record: BatchRecord = { settled, checkIns: endsOf(settled), retired: progress?.retired ?? 0 };

    const leases = progress?.leases ?? [];
    const mayBeOpen = opensRequests(syncNamed(syncs, order.sync)) && (error !== undefined || !wentWell(progress));
    if (leases.length === 0 && !mayBeOpen) {
      if (progress !== undefined) await records.write(place, record);
      return { givenBack: 0 };
    }

    const owned = leases.filter((lease) => lease.owned);
    const given = await vaultFor(order.sync).withSession((session) =>
      giveBackAll(
        session,
        // Two aliases of one account share a request.
        [...new Set(owned.map(({ requestId }) => requestId))],
        { relayId, run, batch },
      ),
    );
    for (const { requestId, at } of given) {
      if (at === undefined) continue;
      for (const lease of owned) if (lease.requestId === requestId) record.checkIns[lease.item] = at;
    }
    if (progress !== undefined) await records.write(place, record);
    const [failure] = given.flatMap((one) => one.failure ?? []);
    if (failure !== undefined) throw failure;
    return { givenBack: given.length };
  };

/** Releases that end by themselves change the credential as check-ins do. */
const endsOf = (settled: readonly Settled[]): BatchRecord['checkIns'] =>
  Object.fromEntries(
    settled.flatMap(({ item, releaseEndsAt }) => (releaseEndsAt === undefined ? [] : [[item, releaseEndsAt]])),
  );

/** Nothing was asked of the vault without an answer that says what became of it. */
const wentWell = (progress: BatchProgress | undefined): boolean =>
  progress?.settled.every(({ outcome }) => outcome !== 'failed') === true;
