import { ruleOf } from '#shared/config/rules.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { failedTestOf, noHolds } from '#shared/domain/rotation/holds.ts';
import { beginRetest, beginRotation, type RotationState } from '#shared/domain/rotation/state.ts';
import { RelayError } from '#shared/errors.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { RotateStepInput, RotationPlanned } from '#shared/workflows/rotate.ts';
import { claimRule, markUnfinished } from './claim.ts';
import { type Continued, continueRotation } from './continue.ts';
import { type PlannedRotation, planRotationRule, type RotationSides } from './plan-rule.ts';
import { beginProgress, recordPlan } from './record.ts';

export interface PlanRotationDependencies extends RotationSides {
  readonly records: SharedRecords;
  /** True while the execution can still change credentials. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const NO_WISHES = { acceptFailures: false, retry: [] };

/** The history of an execution has room for this wait until its timeout. */
const MAX_TURN_SECONDS = 7200;
const MIN_TURN_SECONDS = 30;

/**
 * Claims the rule for this execution, selects the items from the vault's list, plans their waves, and records them; or
 * continues a rotation that was stopped or failed. Changes nothing in the vault. Repeatable: an existing record is
 * kept, because items may have been started from it.
 */
export const createPlanRotation =
  ({ records, isRunning, now, ...sides }: PlanRotationDependencies) =>
  async (input: RotateStepInput): Promise<RotationPlanned> => {
    const { rule, run, order } = input;
    const claimed = await claimRule(records, input, isRunning);
    if (claimed.status === 'busy') return { status: 'busy', items: 0, waitSeconds: turnAfter(input.planned) };
    if (claimed.status !== 'claimed') return { status: claimed.status, items: 0 };

    const begin = async (): Promise<Continued> => {
      const { continues: earlier } = claimed;
      if (earlier === undefined) {
        const planned = order.retest === true ? planRetest(sides, records, order, now()) : planChanges(sides, order);
        const { content, state } = await planned;
        return { content, progress: beginProgress(state) };
      }
      const settings = ruleOf(sides.config, 'rotate', rule);
      const { address } = await sides.rulesOf(settings.connection, settings);
      const wishes = order.continues === undefined ? (order.resume ?? NO_WISHES) : undefined;
      return continueRotation({ records, rule, run, earlier, settings, address, wishes, now });
    };
    let progress = (await records.read(rotationAt.progress({ rule, run })))?.record;
    if (progress === undefined) {
      const { content, progress: first } = await begin();
      progress = await recordPlan(records, { rule, run }, content, first);
    }
    await markUnfinished(records, input);
    return { status: 'planned', items: progress.state.items.length };
  };

/** Seconds until the next look at the other execution: twice as long each time. */
const turnAfter = (planned: RotateStepInput['planned']): number =>
  Math.min(MAX_TURN_SECONDS, 2 * (planned?.waitSeconds ?? MIN_TURN_SECONDS / 2));

type Begun = Pick<PlannedRotation, 'content'> & { readonly state: RotationState };
type Order = RotateStepInput['order'];

const planChanges = async (sides: RotationSides, order: Order): Promise<Begun> => {
  const { waves, refused, content } = await planRotationRule(sides, order.rule, order);
  return { content, state: beginRotation(waves, refused) };
};

/** Plans to test the held items again, without a change. */
const planRetest = async (sides: RotationSides, records: SharedRecords, order: Order, now: number): Promise<Begun> => {
  const settings = ruleOf(sides.config, 'rotate', order.rule);
  const { connection, source } = settings;
  if ((await sides.rulesOf(connection, settings)).inTurns === true) {
    throw new RelayError(
      'MessageInvalid',
      `The accounts of ${source} take turns, so none is tested again without a change. Nothing rotates. Send the message with "items" instead of "retest".`,
    );
  }
  const holds = (await records.read(holdsAt(sides.config, connection)))?.record ?? noHolds();
  const held = new Map<string, string>();
  const isHeld = ({ ref }: Pick<Item, 'ref'>): boolean => {
    const key = itemKey(ref);
    const failed = failedTestOf(holds, key, now);
    // Another rule can have other senders, who decide about log-ons that count towards a lockout.
    const isOfAnother = failed?.rule !== order.rule && Object.hasOwn(sides.config.rotations, failed?.rule ?? '');
    if (failed === undefined || isOfAnother) return false;
    held.set(key, failed.changedAt);
    return true;
  };
  const { waves, refused, content } = await planRotationRule(sides, order.rule, order, isHeld);
  return { content, state: beginRetest(beginRotation(waves, refused), held, now) };
};
