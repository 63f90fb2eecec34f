import { RelayError } from '#shared/errors.ts';
import { type ActiveDirectory, directoryAt, type Lane } from '#shared/records/directory-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

interface Claim {
  readonly rule: string;
  readonly run: string;
  readonly lane: Lane;
}

/**
 * Claims a lane of the rule for a run. Returns false while another run holds it that can still change the directory.
 * Repeatable.
 */
export const claimDirectory = async (
  records: SharedRecords,
  { rule, run, lane }: Claim,
  isRunning: (run: string) => Promise<boolean>,
): Promise<boolean> => {
  const place = directoryAt.active(rule, lane);
  const held = (await records.read(place))?.record;
  const isOthers = held !== undefined && !held.ended && held.run !== run;
  if (isOthers && (await isRunning(held.run))) return false;
  return changeRecord<ActiveDirectory, boolean>(records, place, (current) => {
    if (current?.run === run && !current.ended) return { result: true };
    // Another run can have claimed it since. The step is retried, and finds out if that one is alive.
    if (current?.run !== held?.run || current?.ended !== held?.ended) throw claimedMeanwhile(rule);
    return { next: { run, ended: false }, result: true };
  });
};

const claimedMeanwhile = (rule: string): RelayError =>
  new RelayError('StoreUnavailable', `Another run has claimed ${rule} in this moment. The step is retried.`);

/** Gives the lane back, if the run has it. Repeatable. */
export const releaseDirectory = (records: SharedRecords, { rule, run, lane }: Claim): Promise<void> =>
  changeRecord<ActiveDirectory, void>(records, directoryAt.active(rule, lane), (active) => ({
    next: active?.run === run && !active.ended ? { run, ended: true } : undefined,
    result: undefined,
  }));
