import { MAX_ABSENT } from '#shared/domain/memory.ts';
import type { Orphan } from '#shared/domain/plan/batch.ts';

/** What relay.yaml says about orphans. */
export type OrphanRule =
  | { readonly policy: 'keep' }
  | { readonly policy: 'delete'; readonly budget: number; readonly recoveryDays: number };

/** What a run knows of the secrets whose item is gone. */
export interface Absences {
  readonly orphans: readonly Orphan[];
  /** Names that no item had in the last run that saw everything. */
  readonly absentBefore: ReadonlySet<string>;
  /** Why this run's list proves no absence; undefined when it does. */
  readonly doubt?: string | undefined;
}

/** Which orphans to retire, and, when it is not all that could be, why not. */
export interface OrphanDecision {
  readonly found: number;
  readonly retiring: number;
  readonly orphans: readonly Orphan[];
  readonly note?: string;
}

/**
 * Nothing is deleted unless the policy says so, nothing speaks against the vault's list, and the number is within the budget:
 * a lost permission looks just like a thousand deleted accounts. A list is read page by page while others change it, so
 * that one single absence is no proof: an orphan is retired by the second run that misses it. Pure.
 */
export const decideOrphans = ({ orphans, absentBefore, doubt }: Absences, rule: OrphanRule): OrphanDecision => {
  const kept = { found: orphans.length, retiring: 0, orphans: [] };
  if (orphans.length === 0 || rule.policy === 'keep') return kept;
  if (doubt !== undefined) return { ...kept, note: `Nothing was deleted: ${doubt}` };
  const missedTwice = orphans.filter(({ name }) => absentBefore.has(name));
  // Also of those that the next run would retire: what is lost all at once is lost for one reason.
  const atOnce = Math.max(missedTwice.length, orphans.length - missedTwice.length);
  if (atOnce > rule.budget) {
    return {
      ...kept,
      note: `Nothing was deleted: ${atOnce} secrets have lost their account, and the budget is ${rule.budget}. Check the selection and the vault user's permissions, then raise orphans.budget for two runs.`,
    };
  }
  return { found: orphans.length, retiring: missedTwice.length, orphans: missedTwice };
};

/** What a run adds to what is remembered of absences: see `absentAfter`. */
export interface AbsenceNews {
  /** All names that no item had; undefined for a run that proves no absence. */
  readonly absent?: string[] | undefined;
  /** Remembered names that are there again. */
  readonly present: string[];
}

/** What to remember of a run's absences. More than any budget allows need not be known: nothing would be retired. Pure. */
export const newsOf = (
  { orphans, absentBefore, doubt }: Absences,
  isPresent: (name: string) => boolean,
): AbsenceNews => ({
  ...(doubt === undefined && { absent: orphans.length > MAX_ABSENT ? [] : orphans.map(({ name }) => name) }),
  present: [...absentBefore].filter(isPresent),
});
