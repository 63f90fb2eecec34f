import { RelayError } from '#shared/errors.ts';
import { type RotationProgress, rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { Run } from '#shared/workflows/run.ts';

/** The progress of a rotation, of which one invocation at a time has the latest version. */
export interface Ledger {
  /** Latest version that this invocation knows. */
  readonly progress: RotationProgress;
  /**
   * Writes the next version, unless nothing differs. Raises `StoreUnavailable` if another invocation has written since:
   * this one must then do nothing more.
   */
  write(next: RotationProgress): Promise<void>;
}

/**
 * Reads the progress of a rotation. Raises `ContractViolated` if there is none, or if another run
 * continues it.
 */
export const openLedger = async (records: SharedRecords, run: Pick<Run, 'rule' | 'run'>): Promise<Ledger> => {
  const place = rotationAt.progress(run);
  const known = await records.read(place);
  if (known === undefined) {
    throw new RelayError('ContractViolated', `The record ${place.key} is missing. Start the rotation again.`);
  }
  let { record, version } = known;
  if (record.continuedBy !== undefined) {
    throw new RelayError('ContractViolated', `The run ${record.continuedBy} continues the rotation of ${place.key}.`);
  }
  return {
    get progress() {
      return record;
    },
    async write(next) {
      if (next === record) return;
      const written = { ...next, writes: record.writes + 1 };
      const newer = await records.replace(place, written, version);
      if (newer === undefined) {
        throw new RelayError('StoreUnavailable', `Another function has changed ${place.key}. The step is retried.`);
      }
      record = written;
      version = newer;
    },
  };
};

/** The rotation of a run. Its holds are those of the run that began it. Pure. */
export const rotationOf = (
  { rule, run }: Pick<Run, 'rule' | 'run'>,
  { origin = run }: Pick<RotationProgress, 'origin'>,
): Pick<Run, 'rule' | 'run'> => ({ rule, run: origin });
