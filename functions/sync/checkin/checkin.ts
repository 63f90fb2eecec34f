import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type Closing, closeAll } from '#shared/leases/close.ts';
import { markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { batchId, type OpenBatches } from '#shared/limits/open-batches.ts';
import { type BatchRecord, type Records, recordAt } from '#shared/records/records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import { addCalls, type Calls, NO_CALLS } from '#shared/workflows/calls.ts';
import type { Caught } from '#shared/workflows/run.ts';
import type { BatchLease, BatchProgress, BatchRun } from '#shared/workflows/sync.ts';

export interface CheckInDependencies {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string, share: number) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly records: Records;
  readonly openBatches: Pick<OpenBatches, 'leave'>;
  readonly calls: () => Calls;
}

interface CheckInInput extends BatchRun {
  readonly requested?: BatchProgress | undefined;
  readonly retrieved?: BatchProgress | undefined;
  /** Error that ended the batch early. */
  readonly error?: Caught | undefined;
}

/**
 * Records the results of the batch, and then closes all of its leases: first those with known ids, then all others that
 * have its marker. Repeatable: a lease that is gone counts as closed. Recording and closing do not depend on each
 * other. An error of either is raised at the end, so that the workflow tries again.
 */
export const createCheckIn =
  (dependencies: CheckInDependencies) =>
  async (input: CheckInInput): Promise<{ closed: number }> => {
    const recordResults = createRecorder(dependencies, input);
    const recordError = await recordResults();
    const closing = await close(dependencies, input);
    const finalRecordError = closing === undefined ? recordError : await recordResults(closing);
    // Even if leases are still open, none of them waits for the store any more.
    const leaveError = await leave(dependencies, input);
    const error = closing?.failure ?? finalRecordError ?? leaveError;
    if (error !== undefined) throw error;
    return { closed: closing?.closed.length ?? 0 };
  };

/** Lets other batches open leases. Without it, the store is held for half an hour. */
const leave = async (
  { records, openBatches }: CheckInDependencies,
  { batch, ...run }: CheckInInput,
): Promise<RelayError | undefined> => {
  try {
    const content = await records.read(recordAt.batch(run, batch));
    await openBatches.leave(batchId(run, batch), content?.items ?? []);
    return undefined;
  } catch (thrown) {
    return asRelayError(thrown, `Ending batch ${batch}`);
  }
};

/** Latest state of the batch. Retrieve can have reopened a lease. */
const progressOf = ({ requested, retrieved }: CheckInInput): BatchProgress | undefined => retrieved ?? requested;

const oursOf = (input: CheckInInput): BatchLease[] => (progressOf(input)?.leases ?? []).filter(({ ours }) => ours);

/**
 * Updates the record of the batch with all known results, including those of earlier attempts. Returns the error if
 * writing failed.
 */
const createRecorder = ({ records, calls }: CheckInDependencies, input: CheckInInput) => {
  const { batch, rule, run, error } = input;
  const place = recordAt.batchRecord({ rule, run }, batch);
  const { settled = [], retirements = [], releaseEnds = {}, calls: earlierCalls = NO_CALLS } = progressOf(input) ?? {};
  const ended = error === undefined ? {} : { error: messageOf(error) };
  let read: { readonly earlier: BatchRecord | undefined } | undefined;
  return async (closing?: Closing): Promise<RelayError | undefined> => {
    try {
      read ??= { earlier: await records.read(place) };
      const { earlier } = read;
      const checkIns = {
        // A release that expires changes the credential as a check-in does.
        ...releaseEnds,
        ...checkInsOf(oursOf(input), closing?.closed ?? []),
        // Earlier check-ins take precedence, because this attempt finds their leases gone.
        ...earlier?.checkIns,
      };
      const leftOpen = closing === undefined ? earlier?.leftOpen : describe(closing.failure);
      await records.write(place, {
        settled,
        retirements,
        checkIns,
        ...ended,
        leftOpen,
        calls: addCalls(earlierCalls, calls()),
      });
      return undefined;
    } catch (thrown) {
      return asRelayError(thrown, `Recording batch ${batch}`);
    }
  };
};

const describe = (failure: RelayError | undefined): string | undefined =>
  failure && `${failure.name}: ${failure.message}`;

/** Undefined if no lease can be open, so that the vault is not called. */
const close = async (
  { relayId, config, vaultOf, rulesOf }: CheckInDependencies,
  input: CheckInInput,
): Promise<Closing | undefined> => {
  const { workflow, rule: name, run, batch, error } = input;
  const progress = progressOf(input);
  try {
    const rule = ruleOf(config, 'sync', name);
    const { accessKind } = await rulesOf(rule.connection, rule);
    const mayBeOpen = accessKind === 'leases' && (error !== undefined || !wentWell(progress));
    if ((progress?.leases ?? []).length === 0 && !mayBeOpen) return undefined;
    // Two aliases of one account share a lease.
    const known = [...new Set(oursOf(input).map(({ id }) => id))];
    const vault = await vaultOf(rule.connection, rule.concurrency);
    return await vault.session((session) => {
      const access = session.access(rule);
      if (access.kind !== 'leases') throw unsupported(rule.connection, access.kind);
      return closeAll(access, known, markedAs({ relayId, workflow, rule: name, run, batch }));
    });
  } catch (thrown) {
    return { closed: [], failure: asRelayError(thrown, `Closing batch ${batch}`) };
  }
};

const checkInsOf = (ours: readonly BatchLease[], closed: Closing['closed']): BatchRecord['checkIns'] => {
  const closedAt = new Map(closed.map(({ id, at }) => [id, at]));
  return Object.fromEntries(
    ours.flatMap(({ item, id }) => {
      const at = closedAt.get(id);
      return at === undefined ? [] : [[item, at]];
    }),
  );
};

/** True if no target failed, so that every request to the vault has a known result. */
const wentWell = (progress: BatchProgress | undefined): boolean =>
  progress?.settled.every(({ outcome }) => outcome !== 'failed') === true;
