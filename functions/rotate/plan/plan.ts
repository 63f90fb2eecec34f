import { beginRotation } from '#shared/domain/rotation/state.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { RotateStepInput, RotationPlanned } from '#shared/workflows/rotate.ts';
import { claimRule } from './claim.ts';
import { planRotationRule, type RotationSides } from './plan-rule.ts';
import { recordPlan } from './record.ts';

export interface PlanRotationDependencies extends RotationSides {
  readonly records: SharedRecords;
  /** True while the execution can still change credentials. */
  readonly isRunning: (run: string) => Promise<boolean>;
}

/**
 * Claims the rule for this execution, selects the items from the vault's list, plans their waves, and records them.
 * Changes nothing in the vault. Repeatable: an existing record is kept, because items may have been started from it.
 */
export const createPlanRotation =
  ({ records, isRunning, ...sides }: PlanRotationDependencies) =>
  async ({ rule: name, run, order }: RotateStepInput): Promise<RotationPlanned> => {
    if (!(await claimRule(records, { rule: name, run }, isRunning))) return { status: 'skipped', items: 0 };
    const place = rotationAt.progress({ rule: name, run });
    const known = (await records.read(place))?.record;
    if (known !== undefined) return { status: 'planned', items: known.state.items.length };

    const { waves, refused, content } = await planRotationRule(sides, name, order);
    const started = await recordPlan(records, { rule: name, run }, content, beginRotation(waves, refused));
    return { status: 'planned', items: started.state.items.length };
  };
