import { ruleOf } from '#shared/config/rules.ts';
import { itemKey } from '#shared/domain/item.ts';
import { estimateRotation } from '#shared/domain/rotation/estimate.ts';
import type { RefusedItem } from '#shared/domain/rotation/state.ts';
import { planWaves, type WavePlan } from '#shared/domain/rotation/waves.ts';
import { RelayError } from '#shared/errors.ts';
import type { RotationItems } from '#shared/records/rotation-record.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import { type OrderDependencies, orderItems } from './order.ts';
import { createSyncsOf, listSelected, type RulesOf } from './select.ts';

/** Sides of a rotation that its plan reads. */
export interface RotationSides extends OrderDependencies {
  readonly rulesOf: RulesOf;
}

export interface PlannedRotation {
  readonly waves: WavePlan;
  /** Items that must not change, and are in no wave. */
  readonly refused: readonly RefusedItem[];
  readonly content: RotationItems;
}

/**
 * Selects the items of a rotation from the vault's list, and plans their waves. Changes nothing and records nothing.
 * Raises `ConfigurationInvalid` for items that cannot be ordered. Repeatable.
 */
export const planRotationRule = async (
  { config, vaultOf, rulesOf }: RotationSides,
  name: string,
  order: RotateStepInput['order'],
): Promise<PlannedRotation> => {
  const rule = ruleOf(config, 'rotate', name);
  const rules = await rulesOf(rule.connection, rule);
  const { items, complete } = await listSelected(await vaultOf(rule.connection), rule, rules, order.items);
  const syncsOf = await createSyncsOf(rule, config.syncs, rulesOf);
  const delivered = items.map((item) => ({ item, syncs: syncsOf(item) }));
  const wanted = delivered.filter(({ syncs }) => rule.undelivered || syncs.length > 0);
  const ordered = await orderItems(
    { config, vaultOf },
    rule,
    wanted.map(({ item }) => item),
    rules,
  );
  const plan = planWaves(ordered.rotatables, rule);
  if (plan.kind === 'refused') throw new RelayError('ConfigurationInvalid', plan.message);
  const left = delivered.length - wanted.length;
  const content: RotationItems = {
    items: Object.fromEntries(
      wanted.map(({ item: { ref, title, labels, handle }, syncs }) => [
        itemKey(ref),
        { ref, title, labels, handle, syncs },
      ]),
    ),
    relayUsers: [...ordered.relayUsers],
    estimateSeconds: estimateRotation(plan.waves, rule).seconds,
    notes: [
      ...(items.length === 0
        ? ['The rule selects no item. Check its selection, and the addresses of the message.']
        : []),
      ...(left > 0
        ? [`${left} items were left out, because no sync delivers them. Add a sync for them, or set undelivered: true.`]
        : []),
      ...(complete
        ? []
        : ["The vault's list was incomplete, so items may be missing. The next rotation includes them."]),
      ...ordered.notes,
    ],
  };
  return { waves: plan, refused: ordered.refused, content };
};
