import { MAX_ABSENT } from '#shared/domain/memory.ts';
import type { Orphan } from '#shared/domain/plan/batch.ts';

/** Rule for orphans in relay.yaml. */
export type OrphanRule =
  | { readonly policy: 'keep' }
  | { readonly policy: 'delete'; readonly budget: number; readonly recoveryDays?: number | 'none' | undefined };

/** Secrets of one store whose item is gone, as one run found them. */
export interface Absences {
  readonly orphans: readonly Orphan[];
  /** Names that no item had in the last run with a complete list. */
  readonly absentBefore: ReadonlySet<string>;
  /** Reason why this run's list proves no absence; undefined if it does. */
  readonly doubt?: string | undefined;
}

/** Orphans to retire. `note` gives the reason if orphans are kept although the policy is to delete them. */
export interface OrphanDecision {
  readonly found: number;
  readonly retiring: number;
  readonly orphans: readonly Orphan[];
  readonly note?: string;
}

/**
 * Deletes orphans only if the policy is `delete`, the vault's list is beyond doubt, and the number is within the
 * budget: a lost permission looks exactly like a thousand deleted accounts. The list is read page by page while it can
 * change, so one absence proves nothing: a secret is retired only after two runs missed its item. Pure.
 */
export const decideOrphans = ({ orphans, absentBefore, doubt }: Absences, rule: OrphanRule): OrphanDecision => {
  const kept = { found: orphans.length, retiring: 0, orphans: [] };
  if (orphans.length === 0 || rule.policy === 'keep') return kept;
  if (doubt !== undefined) return { ...kept, note: `Nothing was deleted: ${doubt}` };
  const missedTwice = orphans.filter(({ name }) => absentBefore.has(name));
  // The budget also covers the orphans that the next run would retire: items lost at the same time share one cause.
  const atOnce = Math.max(missedTwice.length, orphans.length - missedTwice.length);
  if (atOnce > rule.budget) {
    return {
      ...kept,
      note: `Nothing was deleted: ${atOnce} secrets have lost their account, and the budget is ${rule.budget}. Check the selection and the vault user's permissions, then raise orphans.budget for two runs.`,
    };
  }
  return { found: orphans.length, retiring: missedTwice.length, orphans: missedTwice };
};

/** Changes by one run to the remembered absences; see `absentAfter`. */
export interface AbsenceChanges {
  /** All names that no item had; undefined if the run proves no absence. */
  readonly absent?: string[] | undefined;
  /** Remembered names that an item has again. */
  readonly present: string[];
}

/**
 * Changes to remember. A number of absences above every budget is not remembered, since nothing is retired then. Pure.
 */
export const changesOf = (
  { orphans, absentBefore, doubt }: Absences,
  isPresent: (name: string) => boolean,
): AbsenceChanges => ({
  ...(doubt === undefined && { absent: orphans.length > MAX_ABSENT ? [] : orphans.map(({ name }) => name) }),
  present: [...absentBefore].filter(isPresent),
});
