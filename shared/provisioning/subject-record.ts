import { type Holding, needsProof, type Subject } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { subjectAt } from '#shared/records/subjects.ts';

type SubjectPlace = Pick<Subject, 'rule' | 'subject'>;

/** Changes to the record of a subject by the execution that works on it. */
export interface HeldSubject {
  /** State after the last change of this execution. */
  readonly current: () => Subject;
  /** Applies a change. Raises `ContractViolated` if another execution has taken the subject over. */
  change(update: (subject: Subject) => Subject): Promise<Subject>;
  /** Records that an object of the subject is about to be made or changed. */
  touch(): Promise<void>;
  hold(resource: string, holding: Holding): Promise<void>;
  drop(resource: string): Promise<void>;
}

/** Opens the record of a subject for the execution `run`, which must have claimed it. */
export const holdSubject = async (records: SharedRecords, place: SubjectPlace, run: string): Promise<HeldSubject> => {
  const at = subjectAt.record(place);
  const mine = (subject: Subject | undefined): Subject => {
    if (subject?.running?.run === run) return subject;
    throw new RelayError(
      'ContractViolated',
      `The subject ${place.subject} of ${place.rule} is not held by this execution. Another one has taken it over.`,
    );
  };
  let current = mine((await records.read(at))?.record);
  const change: HeldSubject['change'] = async (update) => {
    current = await changeRecord(records, at, (known) => {
      const next = update(mine(known));
      return { next, result: next };
    });
    return current;
  };
  return {
    current: () => current,
    change,
    async touch() {
      if (!needsProof(current)) await change((subject) => ({ ...subject, unproven: true }));
    },
    async hold(resource, holding) {
      await change((subject) => ({ ...subject, holdings: { ...subject.holdings, [resource]: holding } }));
    },
    async drop(resource) {
      await change((subject) => {
        const { [resource]: _, ...holdings } = subject.holdings;
        return { ...subject, holdings };
      });
    },
  };
};
