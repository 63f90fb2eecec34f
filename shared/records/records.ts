import * as z from 'zod';
import type { LeastDuration } from '#shared/domain/limits/estimate.ts';
import { emptyMemory, memorySchema } from '#shared/domain/memory.ts';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { batchSchema } from '#shared/domain/plan/batch.ts';
import { remarkSchema } from '#shared/domain/plan/remark.ts';
import { RelayError } from '#shared/errors.ts';
import { callsSchema, NO_CALLS } from '#shared/workflows/calls.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';
import { RUN_STATUSES, retirementSchema, settledSchema } from '#shared/workflows/sync.ts';

/**
 * Records that the steps of a sync exchange, and its reports: objects in the records bucket. None of them contains a
 * credential.
 *
 *     runs/<rule>/<run>/batches/000017.json   work of a batch                      (plan)
 *     runs/<rule>/<run>/settled/000017.json   results of a batch                   (checkin)
 *     runs/<rule>/<run>/plan.json             items without a batch, and reasons   (plan)
 *     runs/<rule>/<run>/report.json           summary of the run                   (report)
 *     runs/<rule>/<run>/report.html           the same summary as an HTML page     (report)
 *     memory/<rule>.json                      state for the next run               (report)
 */

/** Results of a batch. `checkIns` are epoch milliseconds by the vault's clock, keyed by the item's position. */
const batchRecordSchema = z.object({
  settled: z.array(settledSchema),
  checkIns: z.record(z.string(), z.int()),
  retirements: z.array(retirementSchema),
  /**
   * Name and message of the error that ended the batch early. Items without a result were not begun, or it was lost.
   */
  error: z.string().optional(),
  /** Name and message of the error that prevented the check-in of its leases. Earlier results remain valid. */
  leftOpen: z.string().optional(),
  calls: callsSchema.default(NO_CALLS),
});
export type BatchRecord = z.infer<typeof batchRecordSchema>;

const leastDurationSchema: z.ZodType<LeastDuration> = z.object({
  seconds: z.int(),
  store: z.string().optional(),
  perSecond: z.number(),
});

/** A target that holds the current credential. */
const currentTargetSchema = z.object({
  /** Key of the item. */
  item: z.string(),
  store: z.string(),
  name: z.string(),
});
export type CurrentTarget = z.infer<typeof currentTargetSchema>;

const planIdSchema = z.string().regex(/^[0-9a-f]{64}$/);

const planRecordSchema = z.object({
  /** Id over all decisions; see `createPlanId`. */
  planId: planIdSchema,
  items: z.int(),
  /** Number of current secrets in each store. */
  unchanged: z.record(z.string(), z.int()),
  /** Stores that could not be listed, and the reasons. Nothing is delivered to them. */
  unlisted: z.record(z.string(), z.string()),
  /** False if the vault's list was incomplete. Nothing is retired then. */
  complete: z.boolean(),
  remarks: z.array(remarkSchema),
  /** Backoffs that the plan has set. */
  backoffs: memorySchema.shape.backoffs,
  orphans: z.object({ found: z.int(), retiring: z.int() }),
  /** By store: absences to remember for the next run; see `absentAfter`. */
  absences: z.record(z.string(), z.object({ absent: z.array(z.string()).optional(), present: z.array(z.string()) })),
  /** Other findings, one line each. */
  notes: z.array(z.string()),
  /** Changes to remember for the next run; absent if this run learned none. */
  changes: memorySchema.shape.changes,
  /** Selected items of kinds that the relay does not deliver, one line for each reason; absent if there are none. */
  skipped: z.array(z.string()).optional(),
  /** Time that the limits of both sides make the run last. */
  leastDuration: leastDurationSchema,
  /**
   * Items whose accounts take turns and that each store holds or is to receive, with the active account of each.
   * Absent if the sync has no such items.
   */
  turns: z.record(z.string(), z.string()).optional(),
  /** Targets that were up to date. Absent from a run over all items, which can have too many. */
  current: z.array(currentTargetSchema).optional(),
  calls: callsSchema.default(NO_CALLS),
});
export type PlanRecord = z.infer<typeof planRecordSchema>;

const outcomesSchema = z.record(z.enum(OUTCOME_NAMES), z.int());

export const reportSchema = runSchema.extend({
  status: z.enum(RUN_STATUSES),
  /** Start of the execution; absent in a report of an earlier version. */
  startedAt: z.iso.datetime({ offset: true, local: true }).optional(),
  finishedAt: z.string(),
  /** Id of the plan, as `pam-relay plan` prints it; absent if nothing was planned. */
  planId: planIdSchema.optional(),
  items: z.int(),
  /** Outcomes of all targets. */
  outcomes: outcomesSchema,
  /** Outcomes of the targets in each store. */
  stores: z.array(z.object({ store: z.string(), outcomes: outcomesSchema })),
  /** Each orphan to retire is retired, gone or failed. Failed ones have a remark. */
  orphans: z.object({ found: z.int(), retired: z.int(), gone: z.int(), failed: z.int() }),
  /** Time that the limits of both sides make the run last; absent if nothing was planned. */
  leastDuration: leastDurationSchema.optional(),
  /** Absent if nothing was planned. */
  calls: callsSchema.optional(),
  /** Findings, one line each; the failure of the run itself comes first. */
  notes: z.array(z.string()),
  /** As in the plan. These items have no outcome. */
  skipped: z.array(z.string()).optional(),
  remarks: z.array(remarkSchema),
  /** Targets that received the current credential or had it. Absent from a run over all items. */
  current: z.array(currentTargetSchema).optional(),
});
export type Report = z.infer<typeof reportSchema>;

type RunPlace = Pick<Run, 'rule' | 'run'>;
const runPrefix = ({ rule, run }: RunPlace): string => `runs/${rule}/${run}`;
const numbered = (batch: number): string => `${String(batch).padStart(6, '0')}.json`;

/** Key of each record, and the schema to parse it with. */
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
  /** Without its memory a sync repeats work, so it replaces a memory that it cannot read. */
  memory: (rule: string) => ({ key: `memory/${rule}.json`, schema: memorySchema, ifUnreadable: emptyMemory() }),
} as const;

/** Key and schema of a record. */
export interface RecordPlace<T> {
  readonly key: string;
  readonly schema: z.ZodType<T>;
  /** State that replaces an unreadable record, if the relay can work without the record's content. */
  readonly ifUnreadable?: T;
}

/** The records bucket. Raises `StoreDenied` or `StoreUnavailable`. Both calls are repeatable. */
export interface Records {
  /** Undefined if the record does not exist. Raises `ContractViolated` if it has the wrong shape. */
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
