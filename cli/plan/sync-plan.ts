import { type PlanSides, planRule } from '#functions/sync/plan/plan-rule.ts';
import { ruleOf } from '#shared/config/rules.ts';
import type { LeastDuration } from '#shared/domain/limits/estimate.ts';
import { emptyMemory, type Memory } from '#shared/domain/memory.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import { ACTIONS, type Action, type Decided } from '#shared/domain/plan/ledger.ts';
import type { RelayError } from '#shared/errors.ts';
import { ownerOf } from '#shared/names.ts';
import type { Records } from '#shared/records/records.ts';
import { readActiveFrom } from '#shared/records/turn-records.ts';

/** Text for everything that only the memory of a sync decides. */
export const UNKNOWN = "unknown without the stack's memory";

/** One decision, for people and as JSON. */
export interface PlannedTarget {
  readonly action: Action;
  /** Absent for a row of the vault's list that cannot be read. */
  readonly store?: string | undefined;
  /** Title of the item; absent for a secret without an item. */
  readonly item?: string | undefined;
  readonly secret?: string | undefined;
  readonly reason?: string | undefined;
  readonly error?: string | undefined;
  /** False if the memory of the sync is unknown, and can change the decision. */
  readonly certain: boolean;
}

/** Plan of one sync. */
export interface SyncPlan {
  readonly sync: string;
  readonly connection: string;
  readonly stores: readonly string[];
  /** Owner of its secrets in every store. */
  readonly owner: string;
  /** Equal to the id in the report of a run with the same decisions; null if it depends on an unknown memory. */
  readonly planId: string | null;
  readonly counts: Readonly<Record<Action, number>>;
  /** Time that the limits of both sides make the run last, and the store whose pace determines it, if one does. */
  readonly leastDuration: LeastDuration;
  readonly notes: readonly string[];
  /** In the order of actions, then by the name of the secret. */
  readonly targets: readonly PlannedTarget[];
}

export interface SyncPlanOptions {
  readonly sides: PlanSides;
  readonly sync: string;
  readonly relayId: string;
  readonly memory: Memory | 'unknown';
  /** Records of the stack; undefined if it is unknown. */
  readonly records?: Pick<Records, 'read'> | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

const INCOMPLETE = 'The vault did not list all of its accounts, so nothing is retired.';

/** Plans one sync as its next run would. Reads no credential and writes nothing. Repeatable. */
export const planOneSync = async ({
  sides,
  sync,
  relayId,
  memory,
  records,
  now,
}: SyncPlanOptions): Promise<SyncPlan> => {
  const rule = ruleOf(sides.config, 'sync', sync);
  const { connection, stores } = rule;
  const { refusal, inTurns } = await sides.rulesOf(connection, rule);
  const decided: (Decided | undefined)[] = [];
  const batches = new Map<number, Batch>();
  const { record } = await planRule(sides, {
    sync,
    memory: memory === 'unknown' ? emptyMemory() : memory,
    records,
    active: inTurns === true && records !== undefined ? await readActiveFrom(records, connection) : {},
    mode: 'changes',
    retryParked: false,
    now,
    writeBatch: async (batch, content) => void batches.set(batch, content),
    readBatch: async (batch) => batches.get(batch) ?? { items: [], retire: [] },
    ledger: {
      add: (decision) => decided.push(decision) - 1,
      withdraw: (position) => {
        decided[position] = undefined;
      },
    },
  });
  const targets = decided
    .flatMap((decision) => (decision === undefined ? [] : toTarget(decision, memory === 'unknown', refusal)))
    .toSorted(byAction);
  const counts = { ...NONE };
  for (const { action } of targets) counts[action] += 1;
  return {
    ...{ sync, connection, stores, owner: ownerOf(relayId, sync) },
    planId: targets.every(({ certain }) => certain) ? record.planId : null,
    counts,
    leastDuration: record.leastDuration,
    notes: [...(record.complete ? [] : [INCOMPLETE]), ...record.notes, ...(record.skipped ?? [])],
    targets,
  };
};

const NONE: Readonly<Record<Action, number>> = {
  create: 0,
  change: 0,
  verify: 0,
  retire: 0,
  unchanged: 0,
  changing: 0,
  parked: 0,
  held: 0,
  keep: 0,
  refuse: 0,
};

type Refusal = ((item: NonNullable<Decided['item']>) => RelayError | undefined) | undefined;

const DELIVERING: readonly Action[] = ['create', 'change', 'verify'];

/** A run plans to deliver an item that it then refuses by the vault's own list. The plan shows the refusal. */
const toTarget = (decision: Decided, isMemoryUnknown: boolean, refusal: Refusal): PlannedTarget => {
  const { action, store, subject, item, secret, reason, error, dependsOnMemory } = decision;
  const about = {
    store,
    ...((item !== undefined || secret === undefined || secret !== subject) && { item: subject }),
    secret,
  };
  const certain = !(isMemoryUnknown && dependsOnMemory);
  const refused = item !== undefined && DELIVERING.includes(action) ? refusal?.(item) : undefined;
  if (refused !== undefined)
    return { action: 'refuse', ...about, reason: refused.message, error: refused.name, certain };
  return { action, ...about, reason: certain ? reason : unknownReason(action), error, certain };
};

const unknownReason = (action: Action): string =>
  action === 'keep'
    ? `It has no item. A run retires it, or not: ${UNKNOWN}.`
    : `A run skips it while it is parked: ${UNKNOWN}.`;

const byAction = (one: PlannedTarget, other: PlannedTarget): number =>
  ACTIONS.indexOf(one.action) - ACTIONS.indexOf(other.action) || byText(keyOf(one), keyOf(other));
const keyOf = ({ secret = '', store = '', item = '' }: PlannedTarget): string => `${secret}\n${store}\n${item}`;
const byText = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
