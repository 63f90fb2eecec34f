import type { RotationState } from '#shared/domain/rotation/state.ts';
import { type RotationItems, type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, claimRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Progress of a rotation of which nothing has started. Pure. */
export const beginProgress = (state: RotationState): RotationProgress => ({
  writes: 0,
  state,
  tests: {},
  refusals: {},
  sets: {},
  followers: {},
  deliveries: [],
});

/**
 * Records the items of a rotation and its progress. Returns the progress that counts: that of another attempt, if there
 * is one, because items may have been started from it.
 */
export const recordPlan = async (
  records: SharedRecords,
  run: Pick<Run, 'rule' | 'run'>,
  content: RotationItems,
  progress: RotationProgress,
): Promise<RotationProgress> => {
  // The progress comes last: it proves that the items are complete. Another attempt may have written other items.
  const place = rotationAt.items(run);
  const kept = await claimRecord(records, place, content);
  if (kept !== content && !isSame(kept, content)) {
    await changeRecord(records, place, () => ({ next: content, result: undefined }));
  }
  return claimRecord(records, rotationAt.progress(run), progress);
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
