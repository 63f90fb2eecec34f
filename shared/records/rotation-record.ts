import * as z from 'zod';
import { itemSchema } from '#shared/domain/item.ts';
import { rotationStateSchema } from '#shared/domain/rotation/state.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { orderSchema, ROTATION_STATUSES } from '#shared/workflows/rotate.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';
import { RUN_STATUSES } from '#shared/workflows/sync.ts';

/**
 * Records of rotations, in the records bucket. None of them contains a credential.
 *
 *     rotations/<rule>/active.json            execution that works on the rule        (plan, report)
 *     stops/<rule>/latest.json                latest message that stops the rule      (intake)
 *     stops/<rule>/messages/<hash>.json       time of the first message with an id    (intake)
 *     rotations/<rule>/<run>/items-<plan>.json  selected items                        (plan)
 *     rotations/<rule>/<run>/progress.json    progress                                (plan, advance, deliver)
 *     rotations/<rule>/<run>/report.json      result                                  (report)
 *     rotations/<rule>/<run>/report.html      the same result as an HTML page     (report)
 */

const activeSchema = z.object({
  run: z.string(),
  ended: z.boolean(),
  /** Run with the progress that a resume continues: it was stopped, it failed, or it works. */
  unfinished: z.string().optional(),
});
export type ActiveRotation = z.infer<typeof activeSchema>;

/** Time of a message, in epoch milliseconds. */
const messageTimeSchema = z.object({ at: z.int() });
export type MessageTime = z.infer<typeof messageTimeSchema>;

/** A secret that a sync delivers an item to. */
const rotationTargetSchema = z.object({ sync: z.string(), store: z.string(), name: z.string() });
export type RotationTarget = z.infer<typeof rotationTargetSchema>;

/** Items of a rotation, by the ids of its state. */
const rotationItemsSchema = z.object({
  items: z.record(
    z.string(),
    itemSchema.pick({ ref: true, title: true, labels: true, handle: true, members: true }).extend({
      /** Syncs that deliver it. */
      syncs: z.array(z.string()),
      /** Its targets. An item without a usable name in a store has none there. */
      targets: z.array(rotationTargetSchema),
      /** Keys of the other items that the vault changes together with it. */
      together: z.array(z.string()).optional(),
    }),
  ),
  /** Pages of the vault's list of items. */
  pages: z.int().min(0),
  /** Accounts that only the rotation of another item may change, as keys, with the title of that item. */
  inTurns: z.record(z.string(), z.string()).optional(),
  /** Users with which the relay signs in to the vault. Their credentials never change. */
  relayUsers: z.array(z.string()),
  /** Least duration of the rotation. */
  estimateSeconds: z.int().min(0),
  /** Findings of the plan, one line each. */
  notes: z.array(z.string()),
});
export type RotationItems = z.infer<typeof rotationItemsSchema>;

/** A run of a sync that delivers rotated items. */
const deliverySchema = z.object({
  sync: z.string(),
  run: z.string(),
  ids: z.array(z.string()),
  /** Epoch milliseconds. */
  startedAt: z.int(),
  /** Status of the run; absent until it has ended. `LOST`: it has no report, or it lasts too long. */
  status: z.enum([...RUN_STATUSES, 'LOST']).optional(),
  /** Targets that the run has not brought up to date, by store; absent until it has ended. */
  left: z.array(z.object({ id: z.string(), store: z.string() })).optional(),
});
export type RotationDelivery = z.infer<typeof deliverySchema>;

/** A turn of an item that stands for several accounts. */
const turnSchema = z.object({
  /** Account that changes. Readers get it once it has passed its test. */
  account: itemSchema.pick({ ref: true, title: true, handle: true }),
  /** Key of the account that readers get until then. */
  active: z.string(),
  /** Number of earlier switches of the record; absent if the vault itself switches. */
  switches: z.int().optional(),
  /** True once readers get the account. */
  switched: z.boolean(),
});
export type Turn = z.infer<typeof turnSchema>;

const progressSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  /** Hash of the items that the waves were planned for. */
  plan: z.string(),
  state: rotationStateSchema,
  /**
   * Latest test of an item: the change that it is for, and its result. A test without a result has been started and
   * may have taken place, so it is not repeated.
   */
  tests: z.record(
    z.string(),
    z.object({ changedAt: z.string(), result: z.enum(['passed', 'failed', 'inconclusive']).optional() }),
  ),
  /** Causes for which the vault refused to change an item. */
  refusals: z.record(z.string(), z.string()),
  /** Number of failed looks at an item before its change. */
  inspections: z.record(z.string(), z.int()).optional(),
  /** Sets of items that the vault changes together, by the first item of each that was started. */
  sets: z.record(z.string(), z.string()),
  /** Items that were not started because they change together with another one, and that one. */
  followers: z.record(z.string(), z.string()),
  /** Turns of items that stand for several accounts, recorded before the change of an account. */
  turns: z.record(z.string(), turnSchema).optional(),
  deliveries: z.array(deliverySchema),
  /** First run of the rotation, in a run that continues it. */
  origin: z.string().optional(),
  /** Run that continues the rotation. The progress then changes no more. */
  continuedBy: z.string().optional(),
});
export type RotationProgress = z.infer<typeof progressSchema>;

/** Targets that may still hold an old credential. */
const oldCredentialSchema = z.object({
  count: z.int().min(0),
  /** The first of them. */
  targets: z.array(rotationTargetSchema.extend({ item: z.string(), reason: z.string() })),
});
export type OldCredential = z.infer<typeof oldCredentialSchema>;

/** Turn of an item; undefined if it stands for one account, or has not begun. Pure. */
export const turnOf = ({ turns = {} }: Pick<RotationProgress, 'turns'>, id: string): Turn | undefined =>
  Object.hasOwn(turns, id) ? turns[id] : undefined;

const rotationReportSchema = runSchema.extend({
  status: z.enum(ROTATION_STATUSES),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Cause of the run. */
  ...orderSchema.pick({ trigger: true, requestedBy: true, ticket: true }).shape,
  /** Execution of the checkout that started the run by its end. */
  checkout: z.string().optional(),
  /** First run of the rotation that the run continues. */
  continues: z.string().optional(),
  /** Cause that stopped the rotation. */
  stopped: z.string().optional(),
  estimateSeconds: z.int().optional(),
  /** Each selected item once. */
  items: z.array(
    z.object({
      title: z.string(),
      /** Account of a pair or an alias whose credential is to change, or has changed. */
      account: z.string().optional(),
      wave: z.int(),
      outcome: z.string(),
      reason: z.string().optional(),
      changedAt: z.string().optional(),
    }),
  ),
  deliveries: z.array(z.object({ sync: z.string(), run: z.string(), status: z.string(), items: z.int() })),
  /** Absent if nothing was planned. */
  oldCredential: oldCredentialSchema.optional(),
  /** Findings, one line each; the failure of the run itself comes first. */
  notes: z.array(z.string()),
});
export type RotationReport = z.infer<typeof rotationReportSchema>;

type RunPlace = Pick<Run, 'rule' | 'run'>;
const prefixOf = ({ rule, run }: RunPlace): string => `rotations/${rule}/${run}`;

/** Key and schema of each record. */
export const rotationAt = {
  active: (rule: string): RecordPlace<ActiveRotation> => ({
    key: `rotations/${rule}/active.json`,
    schema: activeSchema,
  }),
  stop: (rule: string): RecordPlace<MessageTime> => ({
    key: `stops/${rule}/latest.json`,
    schema: messageTimeSchema,
  }),
  /** `id` is a hash of the id of the message, its sender and its type. */
  message: (rule: string, id: string): RecordPlace<MessageTime> => ({
    key: `stops/${rule}/messages/${id}.json`,
    schema: messageTimeSchema,
  }),
  /** `plan`: that of the progress, because several attempts at a plan can write their items. */
  items: (run: RunPlace, { plan }: Pick<RotationProgress, 'plan'>): RecordPlace<RotationItems> => ({
    key: `${prefixOf(run)}/items-${plan}.json`,
    schema: rotationItemsSchema,
  }),
  progress: (run: RunPlace): RecordPlace<RotationProgress> => ({
    key: `${prefixOf(run)}/progress.json`,
    schema: progressSchema,
  }),
  report: (run: RunPlace): RecordPlace<RotationReport> => ({
    key: `${prefixOf(run)}/report.json`,
    schema: rotationReportSchema,
  }),
} as const;
