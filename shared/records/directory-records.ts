import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type MemberEventRecord, memberEventRecordSchema } from '#shared/domain/directory/member-events.ts';
import {
  type Budget,
  budgetSchema,
  collectionAccessSchema,
  type Ownership,
  ownershipSchema,
  type Person,
  personSchema,
} from '#shared/domain/directory/state.ts';
import { driftSchema, type Step, stepSchema } from '#shared/domain/directory/steps.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { DIRECTORY_STATUSES } from '#shared/workflows/directory.ts';

/**
 * Records of the rules for directories, in the records bucket. Of a person they contain id, e-mail address, status,
 * type, group and collection ids.
 *
 *     directories/<rule>/active.json               run that applies or compares the declared state
 *     directories/<rule>/messages.json             run that carries out messages, or takes a removal back
 *     directories/<rule>/ownership.json            members and groups that the relay made or adopted
 *     directories/<rule>/budget.json               removals of the day
 *     directories/<rule>/people/<key>.json         a person about whom something is going on
 *     directories/<rule>/journal/<by>/<key>.json   a step, written before it begins
 *     directories/<rule>/runs/<run>/plan.json      steps of a run
 *     directories/<rule>/runs/<run>/report.json    result of a run
 *     member-events/<rule>/events/<key>.json       latest message about a person
 *     member-events/<rule>/owed/<key>.json         mark of one that is not carried out yet
 */

/** Runs of the declared state take turns, and so do runs of messages. Only people are locked between the two. */
export type Lane = 'declared' | 'messages';

/** Mark of an event that is owed. */
const owedSchema = z.object({ writes: z.int().min(0), at: z.iso.datetime() });
export type OwedEvent = z.infer<typeof owedSchema>;

const activeSchema = z.object({ run: z.string(), ended: z.boolean() });
export type ActiveDirectory = z.infer<typeof activeSchema>;

const waitingSchema = z.object({
  /** Addresses of people who did not answer their invitation. */
  invited: z.array(z.string()),
  /** Addresses of people whom a person has to confirm. */
  accepted: z.array(z.string()),
});

const planSchema = z.object({
  steps: z.array(stepSchema),
  drift: z.array(driftSchema),
  findings: z.array(z.string()),
  refused: z.int().min(0),
  /** False if a row of the source or of a list is missing or cannot be used. What it says is then unknown. */
  isWhole: z.boolean().default(true),
  /** Ids of the declared groups that exist, by name. */
  groups: z.record(z.string(), z.string()),
  members: z.int().min(0),
  waiting: waitingSchema,
});
export type DirectoryPlanRecord = z.infer<typeof planSchema>;

const journalSchema = z.object({
  /** Beginning of the first attempt, UTC ISO 8601. */
  at: z.iso.datetime(),
  /** Run, or id of the message, that carries the step out. */
  by: z.string(),
  step: stepSchema,
  /** `owed`: begun, and perhaps done. */
  status: z.enum(['owed', 'done', 'failed']),
  /** State of the member or group before. */
  before: z
    .object({ groups: z.array(z.string()).optional(), access: z.array(collectionAccessSchema).optional() })
    .optional(),
  /** Name and message of the error. */
  error: z.string().optional(),
});
export type JournalEntry = z.infer<typeof journalSchema>;

const reportSchema = planSchema.omit({ steps: true, groups: true, isWhole: true }).extend({
  rule: z.string(),
  run: z.string(),
  status: z.enum(DIRECTORY_STATUSES),
  finishedAt: z.string(),
  /** Numbers of steps by their result. */
  counts: z.record(z.string(), z.int().min(0)),
  /** Steps that did not succeed, and the error that ended the run, one line each. */
  failures: z.array(z.string()),
});
export type DirectoryReport = z.infer<typeof reportSchema>;

interface RunPlace {
  readonly rule: string;
  readonly run: string;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);
const ruleAt = (rule: string): string => `directories/${rule}`;
const eventsAt = (rule: string): string => `member-events/${rule}`;

/** Key and schema of each record. The keys of people are hashes, because an address can contain any character. */
export const directoryAt = {
  active: (rule: string, lane: Lane): RecordPlace<ActiveDirectory> => ({
    key: `${ruleAt(rule)}/${lane === 'declared' ? 'active' : 'messages'}.json`,
    schema: activeSchema,
  }),
  ownership: (rule: string): RecordPlace<Ownership> => ({
    key: `${ruleAt(rule)}/ownership.json`,
    schema: ownershipSchema,
  }),
  budget: (rule: string): RecordPlace<Budget> => ({ key: `${ruleAt(rule)}/budget.json`, schema: budgetSchema }),
  people: (rule: string): string => `${ruleAt(rule)}/people/`,
  person: (rule: string, email: string): RecordPlace<Person> =>
    directoryAt.personKey(`${directoryAt.people(rule)}${hashOf(email)}.json`),
  personKey: (key: string): RecordPlace<Person> => ({ key, schema: personSchema }),
  /** A step of the same run, or of the same message, has the same place. */
  journal: (rule: string, { by, step }: { readonly by: string; readonly step: Step }): RecordPlace<JournalEntry> => ({
    key: `${ruleAt(rule)}/journal/${by}/${hashOf(JSON.stringify(step))}.json`,
    schema: journalSchema,
  }),
  event: (rule: string, email: string): RecordPlace<MemberEventRecord> =>
    directoryAt.eventKey(`${eventsAt(rule)}/events/${hashOf(email)}.json`),
  eventKey: (key: string): RecordPlace<MemberEventRecord> => ({ key, schema: memberEventRecordSchema }),
  allOwed: (rule: string): string => `${eventsAt(rule)}/owed/`,
  owed: (rule: string, email: string): RecordPlace<OwedEvent> => ({
    key: `${directoryAt.allOwed(rule)}${hashOf(email)}.json`,
    schema: owedSchema,
  }),
  /** The event of a mark. */
  eventOf: (owedKey: string): RecordPlace<MemberEventRecord> =>
    directoryAt.eventKey(owedKey.replace('/owed/', '/events/')),
  /** Name of an event in the journal. The same event has the same name. */
  eventName: ({ email, event: { sender, position } }: MemberEventRecord): string =>
    `message-${hashOf(JSON.stringify([email, sender, position]))}`,
  plan: ({ rule, run }: RunPlace): RecordPlace<DirectoryPlanRecord> => ({
    key: `${ruleAt(rule)}/runs/${run}/plan.json`,
    schema: planSchema,
  }),
  report: ({ rule, run }: RunPlace): RecordPlace<DirectoryReport> => ({
    key: `${ruleAt(rule)}/runs/${run}/report.json`,
    schema: reportSchema,
  }),
} as const;
