import { createHash } from 'node:crypto';
import type { RotationState } from '#shared/domain/rotation/state.ts';
import { type RotationItems, type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import { claimRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Progress of a rotation of which nothing has started. Pure. */
export const beginProgress = (state: RotationState): Omit<RotationProgress, 'plan'> => ({
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
  progress: Omit<RotationProgress, 'plan'>,
): Promise<RotationProgress> => {
  const plan = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  // The progress comes last: it proves that its items are complete. A late attempt cannot replace them.
  await claimRecord(records, rotationAt.items(run, { plan }), content);
  return claimRecord(records, rotationAt.progress(run), { ...progress, plan });
};
