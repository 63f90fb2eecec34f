import * as z from 'zod';
import { memorySchema } from '#shared/domain/memory.ts';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { batchSchema } from '#shared/domain/plan/batch.ts';
import { remarkSchema } from '#shared/domain/plan/remark.ts';
import { RelayError } from '#shared/errors.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';
import { RUN_STATUSES, retirementSchema, settledSchema } from '#shared/workflows/sync.ts';

/**
 * What a sync writes down between its steps, and what its reader gets: JSON objects in the records bucket. None of them
 * holds a credential.
 *
 *     runs/<rule>/<run>/batches/000017.json   what a batch has to do          (plan)
 *     runs/<rule>/<run>/settled/000017.json   what became of it               (checkin)
 *     runs/<rule>/<run>/plan.json             what needed no batch, and why   (plan)
 *     runs/<rule>/<run>/report.json           the run's summary               (report)
 *     memory/<rule>.json                      what the next run has to know   (report)
 */

/** How a batch ended; `checkIns` are epoch milliseconds by the vault's clock, by the item's position. */
const batchRecordSchema = z.object({
  settled: z.array(settledSchema),
  checkIns: z.record(z.string(), z.int()),
  retirements: z.array(retirementSchema),
  /** What ended the batch early, name and message: what is not settled was not begun, or nobody lived to tell. */
  error: z.string().optional(),
  /** What kept its leases from being given back, name and message. It hides nothing of what was settled before. */
  leftOpen: z.string().optional(),
});
export type BatchRecord = z.infer<typeof batchRecordSchema>;

const planRecordSchema = z.object({
  items: z.int(),
  unchanged: z.int(),
  /** False when the vault did not list everything: then nothing is retired. */
  complete: z.boolean(),
  remarks: z.array(remarkSchema),
  /** Items found to be in trouble by planning alone. */
  troubles: memorySchema.shape.troubles,
  orphans: z.object({ found: z.int(), retiring: z.int(), note: z.string().optional() }),
  /** What the next run has to know of secrets that no item had the name of: see `absentAfter`. */
  absences: z.object({ absent: z.array(z.string()).optional(), present: z.array(z.string()) }).optional(),
  /** One line each on what else is not as it should be. */
  notes: z.array(z.string()).optional(),
});
export type PlanRecord = z.infer<typeof planRecordSchema>;

export const reportSchema = runSchema.extend({
  status: z.enum(RUN_STATUSES),
  finishedAt: z.string(),
  items: z.int(),
  outcomes: z.record(z.enum(OUTCOME_NAMES), z.int()),
  /** Each one to retire is retired, gone or failed; the failed ones are among the remarks. */
  orphans: z.object({ found: z.int(), retired: z.int(), gone: z.int(), failed: z.int() }),
  /** One line each on what is not as it should be, the run's own failure first. */
  notes: z.array(z.string()),
  remarks: z.array(remarkSchema),
});
export type Report = z.infer<typeof reportSchema>;

type RunPlace = Pick<Run, 'rule' | 'run'>;
const runPrefix = ({ rule, run }: RunPlace): string => `runs/${rule}/${run}`;
const numbered = (batch: number): string => `${String(batch).padStart(6, '0')}.json`;

/** Where each record lies, and the shape that it is parsed with on the way back. */
export const recordAt = {
  batch: (run: RunPlace, batch: number) => ({
    key: `${runPrefix(run)}/batches/${numbered(batch)}`,
    schema: batchSchema,
  }),
  batchRecord: (run: RunPlace, batch: number) => ({
    key: `${runPrefix(run)}/settled/${numbered(batch)}`,
    schema: batchRecordSchema,
  }),
  plan: (run: RunPlace) => ({ key: `${runPrefix(run)}/plan.json`, schema: planRecordSchema }),
  report: (run: RunPlace) => ({ key: `${runPrefix(run)}/report.json`, schema: reportSchema }),
  memory: (rule: string) => ({ key: `memory/${rule}.json`, schema: memorySchema }),
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
export const readRequired = async <T>(records: Pick<Records, 'read'>, place: RecordPlace<T>): Promise<T> => {
  const record = await records.read(place);
  if (record === undefined) {
    throw new RelayError('ContractViolated', `The record ${place.key} is missing. Start the sync again.`);
  }
  return record;
};
