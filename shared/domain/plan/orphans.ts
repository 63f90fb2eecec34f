import type { Orphan } from '#shared/domain/plan/batch.ts';

/** What relay.yaml says about orphans. */
export type OrphanRule =
  | { readonly policy: 'keep' }
  | { readonly policy: 'delete'; readonly budget: number; readonly recoveryDays: number };

/** Which orphans to retire, and, when it is not all of them, why not. */
export interface OrphanDecision {
  readonly found: number;
  readonly retiring: number;
  readonly orphans: readonly Orphan[];
  readonly note?: string;
}

/**
 * Nothing is deleted unless the policy says so, the vault listed all of its items, and the number is within the budget: a
 * lost permission looks just like a thousand deleted accounts. Pure.
 */
export const decideOrphans = (orphans: readonly Orphan[], complete: boolean, rule: OrphanRule): OrphanDecision => {
  const kept = { found: orphans.length, retiring: 0, orphans: [] };
  if (orphans.length === 0 || rule.policy === 'keep') return kept;
  if (!complete) return { ...kept, note: 'Nothing was deleted: the vault did not list all of its accounts.' };
  if (orphans.length > rule.budget) {
    return {
      ...kept,
      note: `Nothing was deleted: ${orphans.length} secrets have lost their account, and the budget is ${rule.budget}. Check the selection and the vault user's permissions, then raise orphans.budget for one run.`,
    };
  }
  return { found: orphans.length, retiring: orphans.length, orphans };
};
