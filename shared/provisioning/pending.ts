import { isPending, type Subject } from '#shared/domain/blueprint/subject.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { subjectAt } from '#shared/records/subjects.ts';

export interface PendingDependencies {
  readonly records: Pick<SharedRecords, 'read'>;
  readonly signals: Pick<Signals, 'put' | 'remove'>;
}

/**
 * Removes the note that a subject needs an execution. An order can arrive between the decision and the removal, so the
 * note is put back if the subject needs one again. Repeatable.
 */
export const clearPending = async (
  about: Pick<Subject, 'rule' | 'subject'>,
  { records, signals }: PendingDependencies,
): Promise<void> => {
  const note = subjectAt.pending(about);
  await signals.remove(note);
  const subject = (await records.read(subjectAt.record(about)))?.record;
  if (subject !== undefined && isPending(subject)) await signals.put(note);
};
