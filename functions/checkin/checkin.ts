import pMap from 'p-map';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { isSameMarker, readMarker } from '#shared/domain/marker.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type BatchRecord, type Records, recordAt } from '#shared/records/records.ts';
import type { BatchProgress, BatchRun } from '#shared/workflow.ts';

export interface CheckInDependencies {
  readonly relayId: string;
  readonly vaultFor: (sync: string) => Vault;
  readonly records: Records;
}

interface CheckInInput extends BatchRun {
  readonly requested?: BatchProgress | undefined;
  readonly retrieved?: BatchProgress | undefined;
  readonly error?: unknown;
}

const IN_LINE = 64;

/**
 * Gives back every request of this batch: those whose ids are known first, then whatever carries its marker. Then it
 * writes down what became of the batch. Safe to repeat: what is gone counts as given back. Raises the first error when
 * something could not be given back, so that the workflow tries again.
 */
export const createCheckIn =
  ({ relayId, vaultFor, records }: CheckInDependencies) =>
  async ({ run, order, batch, requested, retrieved, error }: CheckInInput): Promise<{ givenBack: number }> => {
    const progress = retrieved ?? requested;
    const place = recordAt.batchRecord(order.sync, run, batch);
    const record: BatchRecord = { settled: progress?.settled ?? [], checkIns: {}, retired: progress?.retired ?? 0 };

    if (error === undefined && nothingWasOpened(progress)) {
      await records.write(place, record);
      return { givenBack: 0 };
    }

    const marker = { relayId, run, batch };
    const owned = (progress?.leases ?? []).filter((lease) => lease.owned);
    const { givenBack, failures } = await vaultFor(order.sync).withSession(async (session) => {
      const known = await pMap(owned, ({ requestId }) => giveBack(session, requestId), { concurrency: IN_LINE });
      for (const [index, { at }] of known.entries()) {
        const item = owned[index]?.item;
        if (item !== undefined && at !== undefined) record.checkIns[item] = at;
      }
      const isOurs = ({ requestId, reason }: OpenRequest): boolean =>
        isSameMarker(readMarker(reason), marker) && !owned.some((lease) => lease.requestId === requestId);
      const left = (await session.listOpenRequests()).filter(isOurs);
      const found = await pMap(left, ({ requestId }) => giveBack(session, requestId), { concurrency: IN_LINE });
      const all = [...known, ...found];
      return {
        givenBack: all.filter(({ gone }) => gone).length,
        failures: all.flatMap(({ failure }) => failure ?? []),
      };
    });

    if (progress !== undefined) await records.write(place, record);
    if (failures[0] !== undefined) throw failures[0];
    return { givenBack };
  };

/** Nothing was asked of the vault, or all of it was refused in a way that leaves nothing behind. */
const nothingWasOpened = (progress: BatchProgress | undefined): boolean =>
  progress !== undefined &&
  progress.leases.length === 0 &&
  progress.settled.every(({ outcome }) => outcome !== 'failed');

const giveBack = async (
  session: VaultSession,
  requestId: number,
): Promise<{ gone: boolean; at?: number | undefined; failure?: RelayError }> => {
  try {
    const { at } = await session.checkIn(requestId, 'Delivered by pam-relay.');
    return { gone: true, at: at === undefined ? undefined : Date.parse(at) };
  } catch (thrown) {
    return { gone: false, failure: asRelayError(thrown, `Checking in request ${requestId}`) };
  }
};
