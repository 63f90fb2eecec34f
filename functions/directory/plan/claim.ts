import { RelayError } from '#shared/errors.ts';
import { type ActiveDirectory, directoryAt } from '#shared/records/directory-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

/**
 * Claims the rule for a run. Returns false while another run holds it that can still change the directory. Repeatable.
 */
export const claimDirectory = async (
  records: SharedRecords,
  { rule, run }: { readonly rule: string; readonly run: string },
  isRunning: (run: string) => Promise<boolean>,
): Promise<boolean> => {
  const place = directoryAt.active(rule);
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
