import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig, RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { createIsAddressed } from '#shared/domain/addressing.ts';
import { type Item, itemKey, type Labels, textOf } from '#shared/domain/item.ts';
import { estimateRotation } from '#shared/domain/rotation/estimate.ts';
import { beginRotation } from '#shared/domain/rotation/state.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { planWaves } from '#shared/domain/rotation/waves.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { type ActiveRotation, type RotationItems, rotationAt } from '#shared/records/rotation-record.ts';
import { changeRecord, claimRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { RotateStepInput, RotationPlanned } from '#shared/workflows/rotate.ts';

export interface PlanRotationDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly records: SharedRecords;
  /** True while the execution can still change credentials. */
  readonly isRunning: (run: string) => Promise<boolean>;
}

/**
 * Claims the rule for this execution, selects the items from the vault's list, plans their waves, and records them.
 * Changes nothing in the vault. Repeatable: an existing record is kept, because items may have been started from it.
 */
export const createPlanRotation =
  ({ config, vaultOf, rulesOf, records, isRunning }: PlanRotationDependencies) =>
  async ({ rule: name, run, order }: RotateStepInput): Promise<RotationPlanned> => {
    if (!(await claim(records, { rule: name, run }, isRunning))) return { status: 'skipped', items: 0 };
    const place = rotationAt.progress({ rule: name, run });
    const known = (await records.read(place))?.record;
    if (known !== undefined) return { status: 'planned', items: known.state.items.length };

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
          ? [
              `${left} items were left out, because no sync delivers them. Add a sync for them, or set undelivered: true.`,
            ]
          : []),
        ...(complete
          ? []
          : ["The vault's list was incomplete, so items may be missing. The next rotation includes them."]),
      ],
    };
    // The progress comes last: it proves that the items are complete. Another attempt may have written other items.
    const itemsPlace = rotationAt.items({ rule: name, run });
    const kept = await claimRecord(records, itemsPlace, content);
    if (kept !== content && !isSame(kept, content)) {
      await changeRecord(records, itemsPlace, () => ({ next: content, result: undefined }));
    }
    const state = beginRotation(plan);
    const started = await claimRecord(records, place, {
      writes: 0,
      state,
      tests: {},
      refusals: {},
      sets: {},
      followers: {},
      deliveries: [],
    });
    return { status: 'planned', items: started.state.items.length };
  };

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Claims the rule, unless an execution that has not ended holds it. */
const claim = async (
  records: SharedRecords,
  { rule, run }: Pick<RotateStepInput, 'rule' | 'run'>,
  isRunning: PlanRotationDependencies['isRunning'],
): Promise<boolean> => {
  const place = rotationAt.active(rule);
  const held = (await records.read(place))?.record;
  const isHeld = held !== undefined && !held.ended && held.run !== run && (await isRunning(held.run));
  if (isHeld) return false;
  return changeRecord<ActiveRotation, boolean>(records, place, (current) => {
    if (current !== undefined && !current.ended && current.run === run) return { result: true };
    // Another execution can have claimed the rule since.
    if (current !== undefined && !current.ended && current.run !== held?.run) return { result: false };
    return { next: { run, ended: false }, result: true };
  });
};

interface Selected {
  readonly items: readonly Item[];
  readonly complete: boolean;
}

const listSelected = async (
  vault: Vault,
  rule: RotationConfig,
  { patterns, address }: SourceRules,
  named: readonly Labels[] | undefined,
): Promise<Selected> => {
  const isAddressed = named === undefined || address === undefined ? () => true : createIsAddressed(address, named);
  if (named !== undefined && address === undefined) {
    throw new RelayError(
      'ConfigurationInvalid',
      `Items of ${rule.source} cannot be named. Send the message without items.`,
    );
  }
  return vault.session(async (session) => {
    const items: Item[] = [];
    let complete = true;
    for await (const page of session.list(rule)) {
      complete &&= page.complete;
      items.push(...page.items.filter(({ labels }) => isSelected(patterns, labels) && isAddressed(labels)));
    }
    return { items, complete };
  });
};

/** Creates the search for the syncs that deliver an item of the rule. */
const createSyncsOf = async (
  rule: RotationConfig,
  syncs: Readonly<Record<string, SyncConfig>>,
  rulesOf: PlanRotationDependencies['rulesOf'],
): Promise<(item: Item) => string[]> => {
  const readers = Object.entries(syncs).filter(
    ([, { connection, source }]) => connection === rule.connection && source === rule.source,
  );
  const selections = await Promise.all(
    readers.map(async ([sync, reader]) => ({ sync, ...(await rulesOf(reader.connection, reader)) })),
  );
  return ({ labels }) =>
    selections
      .filter(({ address, patterns }) => address !== undefined && isSelected(patterns, labels))
      .map(({ sync }) => sync);
};

/** Items without a system of their own count as one system each. */
const toRotatable = ({ ref, title, labels }: Item, { address }: SourceRules): Rotatable => {
  const id = itemKey(ref);
  const system = address?.narrowing === undefined ? '' : textOf(labels, address.narrowing.label);
  return { id, title, system: system === '' ? id : system.toLowerCase() };
};
