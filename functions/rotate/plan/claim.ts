import { type ActiveRotation, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Claims the rule, unless an execution that can still change credentials holds it. Repeatable. */
export const claimRule = async (
  records: SharedRecords,
  { rule, run }: Pick<Run, 'rule' | 'run'>,
  isRunning: (run: string) => Promise<boolean>,
): Promise<boolean> => {
  const place = rotationAt.active(rule);
  const held = (await records.read(place))?.record;
  const isHeld = held !== undefined && !held.ended && held.run !== run && (await isRunning(held.run));
  if (isHeld) return false;
  return changeRecord<ActiveRotation, boolean>(records, place, (current) => {
    if (current !== undefined && !current.ended && current.run === run) return { result: true };
    // Another execution can have claimed the rule since.
    if (current !== undefined && !current.ended && current.run !== held?.run) return { result: false };
    return { next: { run, ended: false }, result: true };
  });
};
