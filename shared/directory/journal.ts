import type { Step } from '#shared/domain/directory/steps.ts';
import { asRelayError } from '#shared/errors.ts';
import { directoryAt, type JournalEntry } from '#shared/records/directory-records.ts';
import type { Records } from '#shared/records/records.ts';

export interface JournalPlace {
  readonly records: Records;
  readonly rule: string;
  /** Run, or id of the message. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** An attempt at a step. */
interface Attempt {
  /** True if an earlier attempt began, and its answer can have been lost. */
  readonly isRepeated: boolean;
  /** Records what was there before. To be called before the first change. */
  begin(before?: JournalEntry['before']): Promise<void>;
}

/**
 * Carries out a step whose beginning and end are written down. A step that is done is not repeated, and returns
 * undefined. Raises what `work` raises, after it was recorded.
 */
export const journaled = async <T>(
  { records, rule, by, now }: JournalPlace,
  step: Step,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T | undefined> => {
  const place = directoryAt.journal(rule, { by, step });
  const known = await records.read(place);
  if (known?.status === 'done') return undefined;
  let entry: JournalEntry = known ?? { at: new Date(now()).toISOString(), by, step, status: 'owed' };
  let hasBegun = false;
  try {
    const result = await work({
      isRepeated: known !== undefined,
      async begin(before) {
        hasBegun = true;
        // The first attempt has seen what was there before.
        entry = { ...entry, status: 'owed', ...(before !== undefined && entry.before === undefined && { before }) };
        await records.write(place, entry);
      },
    });
    if (hasBegun) await records.write(place, { ...entry, status: 'done' });
    return result;
  } catch (thrown) {
    const { name, message, mayHaveHappened } = asRelayError(thrown, `The step ${step.kind}`);
    const status = mayHaveHappened ? 'owed' : 'failed';
    // The error itself matters more.
    if (hasBegun) await records.write(place, { ...entry, status, error: `${name}: ${message}` }).catch(() => {});
    throw thrown;
  }
};
