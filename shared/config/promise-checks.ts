import {
  type Checkable,
  checkableEntries,
  type DeliveringRule,
  deliveries,
  findSource,
  ownOf,
} from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { CheckoutConfig, SyncConfig } from '#shared/config/schema.ts';
import type { StoreRules } from '#shared/stores/store.ts';

/** Checks that a rule asks for nothing that one of its stores cannot do. Pure. */

/** A store of a rule, with what it promises. */
interface UsedStore {
  readonly name: string;
  /** Position in the list of the rule. */
  readonly index: number;
  readonly rules: StoreRules;
}

/** Stores of a rule; without those that do not exist or are invalid, which have messages of their own. */
const storesOf = ({ stores }: Checkable, types: RegisteredTypes, entry: Pick<SyncConfig, 'stores'>): UsedStore[] =>
  entry.stores.flatMap((name, index) => {
    const rules = ownOf(types.stores, ownOf(stores, name)?.type ?? '')?.rules;
    return rules === undefined ? [] : [{ name, index, rules }];
  });

const checkVerify = (sync: string, { verify }: SyncConfig, stores: readonly UsedStore[]): Problem[] =>
  verify === undefined
    ? []
    : stores
        .filter(({ rules }) => !rules.readable)
        .map(({ name }) => ({
          path: ['syncs', sync, 'verify'],
          message: `compares values, and store "${name}" cannot be read; remove verify, or deliver to "${name}" in a sync of its own`,
        }));

const checkOrphans = (sync: string, { orphans }: SyncConfig, stores: readonly UsedStore[]): Problem[] => {
  if (orphans.policy === 'keep' || orphans.recoveryDays === 'none') return [];
  const path = ['syncs', sync, 'orphans', 'recoveryDays'];
  return stores.flatMap(({ name, rules }): Problem[] => {
    if (rules.recovery === 'none') {
      const message = `store "${name}" deletes at once and for good; write recoveryDays: none, or policy: keep`;
      return [{ path, message }];
    }
    if (rules.recovery === 'days' || orphans.recoveryDays === undefined) return [];
    return [
      { path, message: `store "${name}" itself sets how long a deleted secret can be restored; remove recoveryDays` },
    ];
  });
};

const checkRetire = (checkout: string, { retire }: CheckoutConfig, stores: readonly UsedStore[]): Problem[] =>
  retire === 'destroy'
    ? []
    : stores
        .filter(({ rules }) => rules.recovery === 'none')
        .map(({ name }) => ({
          path: ['checkouts', checkout, 'retire'],
          message: `store "${name}" deletes at once and for good; write retire: destroy`,
        }));

const checkBytes = (
  { section, name: rule, entry }: DeliveringRule,
  types: RegisteredTypes,
  stores: readonly UsedStore[],
): Problem[] => {
  const bytes = findSource(types, entry.source)?.rules(entry).bytes;
  if (bytes === undefined) return [];
  return stores
    .filter(({ rules }) => !rules.binary)
    .map(({ name, index }) => ({
      path: [section, rule, 'stores', index],
      message: `store "${name}" keeps text, and ${bytes.what} are bytes; ${bytes.fix}, or name a store that keeps bytes`,
    }));
};

/** Checks every rule against the promises of its stores. */
export const checkPromises = (config: Checkable, types: RegisteredTypes): Problem[] => [
  ...checkableEntries(config.syncs).flatMap(([name, sync]) => {
    const stores = storesOf(config, types, sync);
    return [...checkVerify(name, sync, stores), ...checkOrphans(name, sync, stores)];
  }),
  ...checkableEntries(config.checkouts).flatMap(([name, checkout]) =>
    checkRetire(name, checkout, storesOf(config, types, checkout)),
  ),
  ...deliveries(config).flatMap((rule) => checkBytes(rule, types, storesOf(config, types, rule.entry))),
];
