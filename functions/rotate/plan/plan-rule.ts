import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { type Item, itemKey, textOf } from '#shared/domain/item.ts';
import { estimateRotation } from '#shared/domain/rotation/estimate.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { planWaves, type WavePlan } from '#shared/domain/rotation/waves.ts';
import { RelayError } from '#shared/errors.ts';
import type { RotationItems } from '#shared/records/rotation-record.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import { createSyncsOf, listSelected, type RulesOf } from './select.ts';

/** Sides of a rotation that its plan reads. */
export interface RotationSides {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: RulesOf;
}

export interface PlannedRotation {
  readonly waves: WavePlan;
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
  const plan = planWaves(
    wanted.map(({ item }) => toRotatable(item, rules)),
    rule,
  );
  if (plan.kind === 'refused') throw new RelayError('ConfigurationInvalid', plan.message);
  const left = delivered.length - wanted.length;
  const content: RotationItems = {
    items: Object.fromEntries(
      wanted.map(({ item: { ref, title, labels, handle }, syncs }) => [
        itemKey(ref),
        { ref, title, labels, handle, syncs },
      ]),
    ),
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
    ],
  };
  return { waves: plan, content };
};

/** Items without a system of their own count as one system each. */
const toRotatable = ({ ref, title, labels }: Item, { address }: SourceRules): Rotatable => {
  const id = itemKey(ref);
  const system = address?.narrowing === undefined ? '' : textOf(labels, address.narrowing.label);
  return { id, title, system: system === '' ? id : system.toLowerCase() };
};
