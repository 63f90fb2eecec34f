import * as z from 'zod';
import { memorySchema } from '#shared/domain/memory.ts';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { SAFE_SECRET_TYPES } from '#shared/domain/safe-secret.ts';
import { ERROR_NAMES, RelayError } from '#shared/errors.ts';
import { RUN_STATUSES, settledSchema } from '#shared/workflow.ts';

/**
 * What a run writes down between its steps, and what its reader gets: JSON objects in the records bucket. None of them
 * holds a credential.
 *
 *     runs/<sync>/<run>/batches/000017.json   what a batch has to do          (plan)
 *     runs/<sync>/<run>/settled/000017.json   what became of it               (checkin)
 *     runs/<sync>/<run>/plan.json             what needed no batch, and why   (plan)
 *     runs/<sync>/<run>/report.json           the run's summary               (report)
 *     memory/<sync>.json                      what the next run has to know   (report)
 */

/** What the vault's list says of an account. */
const accountRowSchema = z.object({
  systemId: z.int(),
  accountId: z.int(),
  systemName: z.string(),
  accountName: z.string(),
  domainName: z.string(),
  workgroupName: z.string(),
  changedAt: z.string().optional(),
  changing: z.boolean(),
  applicationId: z.int().optional(),
  maximumReleaseMinutes: z.int().optional(),
  // Batches that were planned before this was known have none.
  isaAccess: z.boolean().default(false),
});

/** An account's row in the vault's list. */
export const accountSchema = accountRowSchema.extend({ kind: z.literal('account').default('account') });

const aliasSchema = accountRowSchema.extend({
  kind: z.literal('alias'),
  aliasId: z.int(),
  aliasName: z.string(),
});

const safeSecretSchema = z.object({
  kind: z.literal('safe-secret'),
  secretId: z.string(),
  type: z.enum(SAFE_SECRET_TYPES),
  title: z.string(),
  username: z.string(),
  folderId: z.string(),
  folderPath: z.string(),
  changedAt: z.string().optional(),
  modifiedAt: z.string().optional(),
});

/** One part of a batch: the row in the vault's list and what the store is to hold. */
const batchItemSchema = z.object({
  subject: z.discriminatedUnion('kind', [accountSchema, aliasSchema, safeSecretSchema]),
  secretName: z.string(),
  versionId: z.string(),
  /** What was current when the plan was made: the fence of the promotion. */
  replaces: z.string().optional(),
  /** Read together with all else of its folder that has changed since: UTC ISO 8601, or ever when that is left out. */
  inBulk: z.object({ since: z.string().optional() }).optional(),
});
export type BatchItem = z.infer<typeof batchItemSchema>;

const batchSchema = z.object({
  items: z.array(batchItemSchema),
  /** Names of secrets of ours whose account is no longer selected, to be scheduled for deletion. */
  retire: z.array(z.string()),
});
export type Batch = z.infer<typeof batchSchema>;

/** How a batch ended; `checkIns` are epoch milliseconds by the vault's clock, keyed by the item's position. */
const batchRecordSchema = z.object({
  settled: z.array(settledSchema),
  checkIns: z.record(z.string(), z.int()),
  retired: z.int(),
});
export type BatchRecord = z.infer<typeof batchRecordSchema>;

/** What a person has to know about one account, or about a secret without one. */
const remarkSchema = z.object({
  account: z.string(),
  outcome: z.enum(OUTCOME_NAMES),
  error: z.enum(ERROR_NAMES).optional(),
  message: z.string(),
});
export type Remark = z.infer<typeof remarkSchema>;

const planRecordSchema = z.object({
  accounts: z.int(),
  unchanged: z.int(),
  /** False when the vault did not list all of its accounts: then nothing is retired. */
  complete: z.boolean(),
  remarks: z.array(remarkSchema),
  /** Accounts found to be in trouble by planning alone. */
  troubles: memorySchema.shape.troubles,
  orphans: z.object({ found: z.int(), retiring: z.int(), note: z.string().optional() }),
});
export type PlanRecord = z.infer<typeof planRecordSchema>;

export const reportSchema = z.object({
  sync: z.string(),
  run: z.string(),
  status: z.enum(RUN_STATUSES),
  finishedAt: z.string(),
  accounts: z.int(),
  outcomes: z.record(z.enum(OUTCOME_NAMES), z.int()),
  orphans: z.object({ found: z.int(), retired: z.int() }),
  /** One line each on what is not as it should be, the run's own failure first. */
  notes: z.array(z.string()),
  remarks: z.array(remarkSchema),
});
export type Report = z.infer<typeof reportSchema>;

const runPrefix = (sync: string, run: string): string => `runs/${sync}/${run}`;
const numbered = (batch: number): string => `${String(batch).padStart(6, '0')}.json`;

/** Where each record lies, and the shape that it is parsed with on the way back. */
export const recordAt = {
  batch: (sync: string, run: string, batch: number) => ({
    key: `${runPrefix(sync, run)}/batches/${numbered(batch)}`,
    schema: batchSchema,
  }),
  batchRecord: (sync: string, run: string, batch: number) => ({
    key: `${runPrefix(sync, run)}/settled/${numbered(batch)}`,
    schema: batchRecordSchema,
  }),
  plan: (sync: string, run: string) => ({ key: `${runPrefix(sync, run)}/plan.json`, schema: planRecordSchema }),
  report: (sync: string, run: string) => ({ key: `${runPrefix(sync, run)}/report.json`, schema: reportSchema }),
  memory: (sync: string) => ({ key: `memory/${sync}.json`, schema: memorySchema }),
} as const;

/** Where a record lies and how it is read. */
export interface RecordPlace<T> {
  readonly key: string;
  readonly schema: z.ZodType<T>;
}

/** The records bucket. Raises `StoreDenied` or `StoreUnavailable`; both calls may be repeated. */
export interface Records {
  /** Undefined when there is no such record; raises `ContractViolated` when it is not what it should be. */
  read<T>(place: RecordPlace<T>): Promise<T | undefined>;
  write<T>(place: RecordPlace<T>, record: T): Promise<void>;
}

/** Reads a record that an earlier step of the same run must have written. */
export const readRequired = async <T>(records: Records, place: RecordPlace<T>): Promise<T> => {
  const record = await records.read(place);
  if (record === undefined) {
    throw new RelayError('ContractViolated', `The record ${place.key} is missing. Start the sync again.`);
  }
  return record;
};
