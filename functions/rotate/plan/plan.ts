import { ruleOf } from '#shared/config/rules.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { heldChange, noHolds } from '#shared/domain/rotation/holds.ts';
import { beginRetest, beginRotation, type RotationState } from '#shared/domain/rotation/state.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { RotateStepInput, RotationPlanned } from '#shared/workflows/rotate.ts';
import { claimRule } from './claim.ts';
import { type PlannedRotation, planRotationRule, type RotationSides } from './plan-rule.ts';
import { recordPlan } from './record.ts';

export interface PlanRotationDependencies extends RotationSides {
  readonly records: SharedRecords;
  /** True while the execution can still change credentials. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Claims the rule for this execution, selects the items from the vault's list, plans their waves, and records them.
 * Changes nothing in the vault. Repeatable: an existing record is kept, because items may have been started from it.
 */
export const createPlanRotation =
  ({ records, isRunning, now, ...sides }: PlanRotationDependencies) =>
  async ({ rule: name, run, order }: RotateStepInput): Promise<RotationPlanned> => {
    if (!(await claimRule(records, { rule: name, run }, isRunning))) return { status: 'skipped', items: 0 };
    const place = rotationAt.progress({ rule: name, run });
    const known = (await records.read(place))?.record;
    if (known !== undefined) return { status: 'planned', items: known.state.items.length };

    const planned = order.retest === true ? planRetest(sides, records, order, now()) : planChanges(sides, order);
    const { content, state } = await planned;
    const started = await recordPlan(records, { rule: name, run }, content, state);
    return { status: 'planned', items: started.state.items.length };
  };

type Begun = Pick<PlannedRotation, 'content'> & { readonly state: RotationState };
type Order = RotateStepInput['order'];

const planChanges = async (sides: RotationSides, order: Order): Promise<Begun> => {
  const { waves, refused, content } = await planRotationRule(sides, order.rule, order);
  return { content, state: beginRotation(waves, refused) };
};

/** Plans to test the held items again, without a change. */
const planRetest = async (sides: RotationSides, records: SharedRecords, order: Order, now: number): Promise<Begun> => {
  const { connection } = ruleOf(sides.config, 'rotate', order.rule);
  const holds = (await records.read(holdsAt(sides.config, connection)))?.record ?? noHolds();
  const held = new Map<string, string>();
  const isHeld = ({ ref }: Pick<Item, 'ref'>): boolean => {
    const key = itemKey(ref);
    const change = heldChange(holds, key, now);
    if (change !== undefined) held.set(key, change);
    return change !== undefined;
  };
  const { waves, refused, content } = await planRotationRule(sides, order.rule, order, isHeld);
  return { content, state: beginRetest(beginRotation(waves, refused), held, now) };
};
