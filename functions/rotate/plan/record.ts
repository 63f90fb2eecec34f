import type { RotationState } from '#shared/domain/rotation/state.ts';
import { type RotationItems, type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, claimRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Run } from '#shared/workflows/run.ts';

/**
 * Records the items and the initial state of a rotation. Returns the progress that counts: that of another attempt, if
 * there is one, because items may have been started from it.
 */
export const recordPlan = async (
  records: SharedRecords,
  run: Pick<Run, 'rule' | 'run'>,
  content: RotationItems,
  state: RotationState,
): Promise<RotationProgress> => {
  // The progress comes last: it proves that the items are complete. Another attempt may have written other items.
  const place = rotationAt.items(run);
  const kept = await claimRecord(records, place, content);
  if (kept !== content && !isSame(kept, content)) {
    await changeRecord(records, place, () => ({ next: content, result: undefined }));
  }
  return claimRecord(records, rotationAt.progress(run), {
    writes: 0,
    state,
    tests: {},
    refusals: {},
    sets: {},
    followers: {},
    deliveries: [],
  });
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
