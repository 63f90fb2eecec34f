import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type Closing, closeAll } from '#shared/leases/close.ts';
import { markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type BatchRecord, type Records, recordAt } from '#shared/records/records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { Caught } from '#shared/workflows/run.ts';
import type { BatchLease, BatchProgress, BatchRun } from '#shared/workflows/sync.ts';

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
  /** What ended the batch early. */
  readonly error?: Caught | undefined;
}

/**
 * Writes down what became of the batch, and then closes every lease of it: those whose ids are known first, then all others that
 * carry its marker. Repeatable: a lease that is gone counts as closed. Raises the first error when one could not be closed, so
 * that the workflow tries again; neither that error nor one of the records keeps the other half from being done.
 */
export const createCheckIn =
  (dependencies: CheckInDependencies) =>
  async (input: CheckInInput): Promise<{ closed: number }> => {
    const keep = createKeep(dependencies.records, input);
    const unwritten = await keep();
    const closing = await close(dependencies, input);
    const unwrittenYet = closing === undefined ? unwritten : await keep(closing);
    if (closing?.failure !== undefined) throw closing.failure;
    if (unwrittenYet !== undefined) throw unwrittenYet;
    return { closed: closing?.closed.length ?? 0 };
  };

/** The latest state of the batch: retrieve may have opened a lease anew. */
const progressOf = ({ requested, retrieved }: CheckInInput): BatchProgress | undefined => retrieved ?? requested;

const oursOf = (input: CheckInInput): BatchLease[] => (progressOf(input)?.leases ?? []).filter(({ ours }) => ours);

/**
 * Keeps the batch's record up to date with all that is known, also by earlier attempts. Gives back the error that writing ended in,
 * if it did.
 */
const createKeep = (records: Records, input: CheckInInput) => {
  const { batch, rule, run, error } = input;
  const place = recordAt.batchRecord({ rule, run }, batch);
  const { settled = [], retirements = [], releaseEnds = {} } = progressOf(input) ?? {};
  const ended = error === undefined ? {} : { error: messageOf(error) };
  let read: { readonly earlier: BatchRecord | undefined } | undefined;
  return async (closing?: Closing): Promise<RelayError | undefined> => {
    try {
      read ??= { earlier: await records.read(place) };
      const { earlier } = read;
      const checkIns = {
        // Releases that end by themselves change the credential as check-ins do.
        ...releaseEnds,
        ...checkInsOf(oursOf(input), closing?.closed ?? []),
        // What was given back before is only found to be gone now.
        ...earlier?.checkIns,
      };
      const leftOpen = closing === undefined ? earlier?.leftOpen : describe(closing.failure);
      await records.write(place, { settled, retirements, checkIns, ...ended, leftOpen });
      return undefined;
    } catch (thrown) {
      return asRelayError(thrown, `Writing down batch ${batch}`);
    }
  };
};

const describe = (failure: RelayError | undefined): string | undefined =>
  failure && `${failure.name}: ${failure.message}`;

/** Undefined where the vault need not be asked. */
const close = async (
  { relayId, config, vaultOf, rulesOf }: CheckInDependencies,
  input: CheckInInput,
): Promise<Closing | undefined> => {
  const { workflow, rule: name, run, batch, error } = input;
  const progress = progressOf(input);
  try {
    const rule = ruleOf(config, 'sync', name);
    const { wayIn } = await rulesOf(rule.connection, rule);
    const mayBeOpen = wayIn === 'leases' && (error !== undefined || !wentWell(progress));
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

/** Nothing was asked of the vault without an answer that says what became of it. */
const wentWell = (progress: BatchProgress | undefined): boolean =>
  progress?.settled.every(({ outcome }) => outcome !== 'failed') === true;
