import { ruleOf } from '#shared/config/rules.ts';
import type { RotationConfig } from '#shared/config/schema.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { estimateRotation } from '#shared/domain/rotation/estimate.ts';
import type { RefusedItem } from '#shared/domain/rotation/state.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { planWaves, type WavePlan } from '#shared/domain/rotation/waves.ts';
import { RelayError } from '#shared/errors.ts';
import type { RotationItems } from '#shared/records/rotation-record.ts';
import { listSelected } from '#shared/rotation/selected.ts';
import type { RotationOrder } from '#shared/workflows/rotate.ts';
import { findInTurns, refusalInTurns } from './in-turns.ts';
import { type OrderDependencies, orderItems } from './order.ts';
import { type RequestedDependencies, readRequested } from './requested.ts';
import { createSyncsOf, type RulesOf, readersOf } from './select.ts';
import { createTargetsOf, type TargetsDependencies } from './targets.ts';

/** Sides of a rotation that its plan reads. */
export interface RotationSides extends OrderDependencies, RequestedDependencies, TargetsDependencies {
  readonly rulesOf: RulesOf;
}

export interface PlannedRotation {
  readonly waves: WavePlan;
  /** Items that must not change, and are in no wave. */
  readonly refused: readonly RefusedItem[];
  readonly content: RotationItems;
}

/**
 * Selects the items of a rotation from the vault's list, and plans the waves of the wanted ones. Changes nothing and
 * records nothing. Raises `ConfigurationInvalid` for items that cannot be ordered, and `MessageInvalid` for a message
 * beyond the budget. Repeatable.
 */
export const planRotationRule = async (
  sides: RotationSides,
  name: string,
  order: RotationOrder,
  isWanted: (item: Item) => boolean = () => true,
): Promise<PlannedRotation> => {
  const { config, vaultOf, rulesOf } = sides;
  const rule = ruleOf(config, 'rotate', name);
  const rules = await rulesOf(rule.connection, rule);
  const requested = await readRequested(order, rule, rules.address, sides);
  const {
    items: selected,
    complete,
    pages,
  } = await listSelected(await vaultOf(rule.connection), rule, rules, requested.isRequested);
  const items = selected.filter(isWanted);
  const readers = await readersOf(rule, config, rulesOf);
  const syncsOf = createSyncsOf(readers);
  const targetsOf = await createTargetsOf(readers, sides);
  const delivered = items.map((item) => ({ item, syncs: syncsOf(item) }));
  const wanted = delivered.filter(({ syncs }) => rule.undelivered || syncs.length > 0);
  checkBudget(name, rule, order, wanted.length);
  const inTurns = await findInTurns(sides, rule);
  const refusals = new Map(
    wanted.flatMap(({ item }) => {
      const reason = refusalInTurns(item, rule, inTurns);
      return reason === undefined ? [] : [[itemKey(item.ref), reason] as const];
    }),
  );
  const refused = wanted.flatMap(({ item: { ref, title } }): RefusedItem[] => {
    const reason = refusals.get(itemKey(ref));
    return reason === undefined ? [] : [{ id: itemKey(ref), title, reason }];
  });
  const ordered = await orderItems(
    { config, vaultOf },
    rule,
    wanted.map(({ item }) => item).filter(({ ref }) => !refusals.has(itemKey(ref))),
    { rules, inTurns },
  );
  const plan = planWaves(ordered.rotatables, rule);
  if (plan.kind === 'refused') throw new RelayError('ConfigurationInvalid', plan.message);
  const left = delivered.length - wanted.length;
  const togetherWith = createTogether(ordered.rotatables);
  const content: RotationItems = {
    items: Object.fromEntries(
      wanted.map(({ item, syncs }) => {
        const { ref, title, labels, handle, members } = item;
        const about = { ref, title, labels, handle, ...(members !== undefined && { members }) };
        return [itemKey(ref), { ...about, syncs, targets: targetsOf(item, syncs), ...togetherWith(itemKey(ref)) }];
      }),
    ),
    pages,
    inTurns: Object.fromEntries(inTurns.map(({ account, title }) => [itemKey(account.ref), title])),
    relayUsers: [...ordered.relayUsers],
    estimateSeconds: estimateRotation(plan.waves, rule).seconds,
    notes: [
      ...(items.length === 0 ? ['The rule selects no item. Check its selection, and that of the message.'] : []),
      ...requested.notes(),
      ...(left > 0
        ? [`${left} items were left out, because no sync delivers them. Add a sync for them, or set undelivered: true.`]
        : []),
      ...(complete
        ? []
        : ["The vault's list was incomplete, so items may be missing. The next rotation includes them."]),
      ...ordered.notes,
    ],
  };
  return { waves: plan, refused: [...ordered.refused, ...refused], content };
};

/** Creates the search for the other items of a set, which the vault changes together. */
const createTogether = (rotatables: readonly Rotatable[]) => {
  const sets = Map.groupBy(rotatables, ({ unit }) => unit);
  const units = new Map(rotatables.map(({ id, unit }) => [id, unit]));
  return (key: string): { together?: string[] } => {
    const unit = units.get(key);
    const others = unit === undefined ? [] : (sets.get(unit) ?? []).filter(({ id }) => id !== key);
    return others.length === 0 ? {} : { together: others.map(({ id }) => id) };
  };
};

/** A message that selects more than its rule allows was not meant so, or is not from whom it should be. */
const checkBudget = (name: string, { budget }: RotationConfig, { trigger }: RotationOrder, items: number): void => {
  if (trigger !== 'message' || budget === undefined || items <= budget) return;
  throw new RelayError(
    'MessageInvalid',
    `The message selects ${items} items, more than the budget of the rule, ${budget}. Nothing rotates. Send a message that selects fewer, or raise rotations.${name}.budget to ${items}.`,
  );
};
