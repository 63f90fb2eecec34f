import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { closeAll } from '#shared/leases/close.ts';
import { markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type BatchRecord, type Records, recordAt } from '#shared/records/records.ts';
import type { BatchProgress, BatchRun } from '#shared/workflows/sync.ts';

export interface CheckInDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, share: number) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly records: Records;
}

interface CheckInInput extends BatchRun {
  readonly requested?: BatchProgress | undefined;
  readonly retrieved?: BatchProgress | undefined;
  readonly error?: unknown;
}

/**
 * Closes every lease of this batch: those whose ids are known first, then all others that carry its marker. Then it writes
 * down what became of the batch. Repeatable: a lease that is gone counts as closed. Raises the first error when one could
 * not be closed, so that the workflow tries again.
 */
export const createCheckIn =
  ({ relayId, config, vaultOf, rulesOf, records }: CheckInDependencies) =>
  async ({ batch, order: _, requested, retrieved, error, ...run }: CheckInInput): Promise<{ closed: number }> => {
    const progress = retrieved ?? requested;
    const rule = ruleOf(config, 'sync', run.rule);
    const write = async (checkIns: BatchRecord['checkIns']): Promise<void> => {
      if (progress === undefined) return;
      const { settled, releaseEnds, retired } = progress;
      await records.write(recordAt.batchRecord(run, batch), {
        settled,
        // Releases that end by themselves change the credential as check-ins do.
        checkIns: { ...releaseEnds, ...checkIns },
        retired,
      });
    };

    const leases = progress?.leases ?? [];
    const { wayIn } = await rulesOf(rule.connection, rule);
    const mayBeOpen = wayIn === 'leases' && (error !== undefined || !wentWell(progress));
    if (leases.length === 0 && !mayBeOpen) {
      await write({});
      return { closed: 0 };
    }

    const ours = leases.filter((lease) => lease.ours);
    // Two aliases of one account share a lease.
    const known = [...new Set(ours.map(({ id }) => id))];
    const vault = await vaultOf(rule.connection, rule.concurrency);
    const closed = await vault.session((session) => {
      const access = session.access(rule);
      if (access.kind !== 'leases') throw unsupported(rule.connection, access.kind);
      return closeAll(access, known, markedAs({ relayId, ...run, batch }));
    });
    const closedAt = new Map(closed.map(({ id, at }) => [id, at]));
    await write(
      Object.fromEntries(
        ours.flatMap(({ item, id }) => {
          const at = closedAt.get(id);
          return at === undefined ? [] : [[item, at]];
        }),
      ),
    );
    const [failure] = closed.flatMap((one) => one.failure ?? []);
    if (failure !== undefined) throw failure;
    return { closed: closed.length };
  };

/** Nothing was asked of the vault without an answer that says what became of it. */
const wentWell = (progress: BatchProgress | undefined): boolean =>
  progress?.settled.every(({ outcome }) => outcome !== 'failed') === true;
