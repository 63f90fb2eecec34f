import { ruleOf } from '#shared/config/rules.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { type Records, readRequired, recordAt } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { beginSyncTurns, recordActive } from '#shared/records/turn-records.ts';
import type { Calls } from '#shared/workflows/calls.ts';
import type { Planned, SyncRun } from '#shared/workflows/sync.ts';
import type { HasEarlierRun } from './earlier-run.ts';
import type { ReadNamed } from './named.ts';
import { type PlanSides, planRule } from './plan-rule.ts';

export interface PlanDependencies extends PlanSides {
  readonly records: Records;
  /** Records of items whose accounts take turns. */
  readonly turns: SharedRecords;
  readonly hasEarlierRun: HasEarlierRun;
  readonly readNamed: ReadNamed;
  readonly calls: () => Calls;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Plans a run and records the plan. Changes nothing outside the run's own records, except the active accounts of items
 * that take turns. Repeatable.
 */
export const createPlan =
  ({ records, turns, hasEarlierRun, readNamed, calls, now, ...sides }: PlanDependencies) =>
  async (run: SyncRun): Promise<Planned> => {
    const { rule: sync, order } = run;
    const isWhole = order.items === 'all';
    if (isWhole && (await hasEarlierRun(run))) return { status: 'skipped', batches: [], concurrency: 1 };

    const rule = ruleOf(sides.config, 'sync', sync);
    const { connection } = rule;
    const inTurns = (await sides.rulesOf(connection, rule)).inTurns === true;
    const known = inTurns ? await beginSyncTurns(turns, { connection, sync, run: run.run }, now()) : {};
    const { record, batches, concurrency, active } = await planRule(sides, {
      sync,
      active: known,
      mode: order.mode,
      retryParked: order.retryParked,
      memory: (await records.read(recordAt.memory(sync))) ?? emptyMemory(),
      records,
      named: isWhole ? undefined : await readNamed(run),
      writeBatch: (batch, content) => records.write(recordAt.batch(run, batch), content),
      readBatch: (batch) => readRequired(records, recordAt.batch(run, batch)),
      now: now(),
    });
    if (inTurns) await recordActive(turns, connection, active, known);
    await records.write(recordAt.plan(run), { ...record, calls: calls() });
    return { status: 'planned', batches, concurrency };
  };
