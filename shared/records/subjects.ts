import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Subject, subjectSchema } from '#shared/domain/blueprint/subject.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of subjects, in the records bucket. None of them contains a credential.
 *
 *     subjects/<rule>/<key>.json     state of a subject                                       (intake, provision)
 *     removals/<rule>.json           deletions of one day                                     (sweep)
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

const removalsSchema = z.object({ day: z.iso.date(), keys: z.array(z.string()) });

/** Subjects whose deletion was begun on a day (UTC), by their keys. */
export const removalsAt = (rule: string): RecordPlace<z.infer<typeof removalsSchema>> => ({
  key: `removals/${rule}.json`,
  schema: removalsSchema,
});

/** Name of an execution that the sweep starts. A sweep that is repeated within a minute starts it once. Pure. */
export const sweepRun = (rule: string, key: string, now: number): string =>
  `${rule}.${key}-sweep-${Math.floor(now / 60_000)}`;

/** Name of the execution that carries out an order. The same order has the same name. Pure. */
export const provisionRun = (place: SubjectPlace, position: number): string =>
  `${place.rule}.${subjectKey(place)}-${position}`;
