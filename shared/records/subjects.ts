import { createHash } from 'node:crypto';
import { type Subject, subjectSchema } from '#shared/domain/blueprint/subject.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of subjects, in the records bucket. None of them contains a credential.
 *
 *     subjects/<rule>/<key>.json     state of a subject                                       (intake, provision)
 *     pending/<rule>/<key>           empty; exists while the subject needs another execution  (intake, provision)
 *
 * The key is a hash, because the id of a subject can contain characters that sort or read badly in a key, and because
 * names of executions are short.
 */

type SubjectPlace = Pick<Subject, 'rule' | 'subject'>;

/** Key of a subject: 24 hex digits, unique under its rule. Pure. */
export const subjectKey = ({ rule, subject }: SubjectPlace): string =>
  createHash('sha256')
    .update(JSON.stringify([rule, subject]))
    .digest('hex')
    .slice(0, 24);

const SUBJECTS = 'subjects/';
const PENDING = 'pending/';

export const subjectAt = {
  /** Prefix of the keys of all subjects of a rule. */
  prefix: (rule: string): string => `${SUBJECTS}${rule}/`,
  record: (place: SubjectPlace): RecordPlace<Subject> => subjectAt.key(place.rule, subjectKey(place)),
  key: (rule: string, key: string): RecordPlace<Subject> => ({
    key: `${SUBJECTS}${rule}/${key}.json`,
    schema: subjectSchema,
  }),
  pendingPrefix: (rule: string): string => `${PENDING}${rule}/`,
  pending: (place: SubjectPlace): string => `${PENDING}${place.rule}/${subjectKey(place)}`,
} as const;

/** Key of the subject in the key of one of its objects. Pure. */
export const subjectKeyIn = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '');

/** Name of the execution that carries out an order. The same order has the same name. Pure. */
export const provisionRun = (place: SubjectPlace, position: number): string =>
  `${place.rule}.${subjectKey(place)}-${position}`;
