import { findCycle } from '#shared/domain/rotation/graph.ts';

/** One thing to rotate. */
export interface Rotatable {
  readonly id: string;
  /** Display name, for messages and reports only. */
  readonly title: string;
  /** System of the account. */
  readonly system: string;
  /** Synced set or pair. Its items are in one wave, and change one after the other. */
  readonly unit?: string | undefined;
  /**
   * Ids of the items that change before this one: its functional account, its login account, the parent that it
   * follows. Items outside the plan do not change, so their ids have no effect.
   */
  readonly after?: readonly string[] | undefined;
}

/** Items that are in one wave. */
export interface Unit {
  readonly key: string;
  /** In the order in which they change. */
  readonly items: readonly Rotatable[];
  /** Its systems, with the number of its accounts on each. */
  readonly systems: readonly (readonly [string, number])[];
  /** Keys of the units that belong to earlier waves. */
  readonly after: ReadonlySet<string>;
}

/** Cause for which items cannot be planned. Its message names the items and the fix. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: 'duplicate' | 'cycle';
  /** Ids of the items at fault. Those of a cycle are in its order. */
  readonly ids: readonly string[];
  readonly message: string;
}

/** Order of texts that is the same everywhere. */
export const compareTexts = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const keyOf = ({ id, unit }: Rotatable): string => (unit === undefined ? `item ${id}` : `unit ${unit}`);

const titles = (items: readonly Rotatable[]): string => items.map(({ title }) => title).join(', ');
const ids = (items: readonly Rotatable[]): string[] => items.map(({ id }) => id);

const refuseCycle = (items: readonly Rotatable[], cause: string): Refusal => ({
  kind: 'refused',
  reason: 'cycle',
  ids: ids(items),
  message: `${cause}: ${titles(items)}. Exclude one of them from the rotation, and rotate it on its own.`,
});

/** Items of a unit in the order in which they change: after those that they need, otherwise by id. */
const inOrder = (items: readonly Rotatable[]): Rotatable[] => {
  const missing = new Set(ids(items));
  const ordered: Rotatable[] = [];
  let rest = items.toSorted((one, other) => compareTexts(one.id, other.id));
  for (let next = rest[0]; next !== undefined; next = rest[0]) {
    const chosen = rest.find(({ after = [] }) => !after.some((id) => missing.has(id))) ?? next;
    missing.delete(chosen.id);
    ordered.push(chosen);
    rest = rest.filter((item) => item !== chosen);
  }
  return ordered;
};

const toUnit = (key: string, items: readonly Rotatable[], keys: ReadonlyMap<string, string>): Unit => {
  const systems = new Map<string, number>();
  for (const { system } of items) systems.set(system, (systems.get(system) ?? 0) + 1);
  const after = new Set(items.flatMap((item) => item.after ?? []).flatMap((id) => keys.get(id) ?? []));
  after.delete(key);
  return { key, items: inOrder(items), systems: [...systems], after };
};

/**
 * Groups items into units, by key. Refuses items with the same id, and those that need each other: directly, or through
 * the units that they belong to. The result does not depend on the order of the items. Pure.
 */
export const groupUnits = (items: readonly Rotatable[]): Refusal | ReadonlyMap<string, Unit> => {
  const byId = new Map(items.map((item) => [item.id, item]));
  const repeated = items.filter((item) => byId.get(item.id) !== item);
  if (repeated.length > 0) {
    const message = `Several items have one id: ${titles(repeated)}. List each item once.`;
    return { kind: 'refused', reason: 'duplicate', ids: ids(repeated), message };
  }
  const sorted = items.toSorted((one, other) => compareTexts(one.id, other.id));
  const needs = sorted.map(({ id, after = [] }) => [id, new Set(after.filter((other) => byId.has(other)))] as const);
  const cycle = findCycle(new Map(needs))?.flatMap((id) => byId.get(id) ?? []);
  if (cycle !== undefined) return refuseCycle(cycle, 'Each of these items has to change after another of them');

  const keys = new Map(sorted.map((item) => [item.id, keyOf(item)]));
  const groups = Map.groupBy(sorted, keyOf);
  const units = new Map([...groups].map(([key, group]) => [key, toUnit(key, group, keys)]));
  const unitCycle = findCycle(new Map([...units].map(([key, { after }]) => [key, after])));
  if (unitCycle === undefined) return units;
  const members = unitCycle.flatMap((key) => groups.get(key) ?? []);
  return refuseCycle(members, 'The units of these items have to change after each other');
};
