import { connectionsToVaultOf } from '#shared/config/connection-uses.ts';
import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import type { RotationOrder } from '#shared/connections/rotation.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { type Item, itemKey, textOf } from '#shared/domain/item.ts';
import type { RefusedItem } from '#shared/domain/rotation/state.ts';
import type { Rotatable } from '#shared/domain/rotation/units.ts';
import { RelayError } from '#shared/errors.ts';
import type { InTurns } from './in-turns.ts';

export interface OrderDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
}

/** Items of a rotation, as their vault orders them. */
export interface Ordered {
  readonly rotatables: readonly Rotatable[];
  /** Items that must not change. */
  readonly refused: readonly RefusedItem[];
  /** Users with which the relay signs in to the vault. */
  readonly relayUsers: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Finds the order of items, over the connection that changes them. An item that the vault changes together with an
 * account in turns is refused. Changes nothing in the vault. Repeatable.
 */
export const orderItems = async (
  { config, vaultOf }: OrderDependencies,
  rule: RotationConfig,
  items: readonly Item[],
  { rules, inTurns }: { readonly rules: SourceRules; readonly inTurns: readonly InTurns[] },
): Promise<Ordered> => {
  if (items.length === 0) return { rotatables: [], refused: [], relayUsers: [], notes: [] };
  const users = await Promise.all(
    connectionsToVaultOf(config, rule).map(async (name) => (await (await vaultOf(name)).users?.()) ?? []),
  );
  const relayUsers = [...new Set(users.flat())];
  const vault = await vaultOf(rule.with ?? rule.connection);
  const others = othersIn(items, inTurns);
  const order = await vault.session(async (session) =>
    session.rotation?.(rule, relayUsers)?.order?.([...items, ...others.map(({ account }) => account)]),
  );
  if (order === undefined) {
    return { rotatables: items.map((item) => toRotatable(item, rules)), refused: [], relayUsers, notes: [] };
  }
  const notes = notesOn(order, rule);
  const placed = new Map(order.placements.map((placement) => [itemKey(placement.ref), placement]));
  const turning = new Map(
    others.flatMap((one) => {
      const unit = placed.get(itemKey(one.account.ref))?.unit;
      return unit === undefined ? [] : [[unit, one] as const];
    }),
  );
  const rotatables: Rotatable[] = [];
  const refused: RefusedItem[] = [];
  for (const { ref, title } of items) {
    const id = itemKey(ref);
    const { system = id, unit, after = [], refusal } = placed.get(id) ?? {};
    const other = unit === undefined ? undefined : turning.get(unit);
    if (refusal !== undefined) refused.push({ id, title, reason: refusal.message });
    else if (other !== undefined) refused.push({ id, title, reason: refusalOfSet(other) });
    else rotatables.push({ id, title, system, unit, after: after.map(itemKey) });
  }
  return { rotatables, refused, relayUsers, notes };
};

/** Accounts in turns that belong to none of the items, each once. */
const othersIn = (items: readonly Item[], inTurns: readonly InTurns[]): readonly InTurns[] => {
  const own = new Set(items.flatMap(({ ref, members = [] }) => [ref, ...members.map((one) => one.ref)].map(itemKey)));
  const others = inTurns.filter(({ account }) => !own.has(itemKey(account.ref)));
  return [...new Map(others.map((one) => [itemKey(one.account.ref), one])).values()];
};

const refusalOfSet = ({ account, title }: InTurns): string =>
  `The vault changes it together with ${account.title}, which takes turns in ${title}. End the synchronization in the vault.`;

/** Raises the cause of an incomplete order, unless the rule accepts one. Unknown is not absent. */
const notesOn = ({ incomplete }: RotationOrder, { unordered }: RotationConfig): string[] => {
  if (incomplete === undefined) return [];
  if (unordered) return [`The order of the items is incomplete. ${incomplete.message}`];
  throw new RelayError(
    incomplete.name,
    `${incomplete.message} Without it, the order of the items is unknown. To rotate all the same, set unordered: true.`,
    { cause: incomplete },
  );
};

/** Items without a system of their own count as one system each. */
const toRotatable = ({ ref, title, labels }: Item, { address }: SourceRules): Rotatable => {
  const id = itemKey(ref);
  const system = address?.narrowing === undefined ? '' : textOf(labels, address.narrowing.label);
  return { id, title, system: system === '' ? id : system.toLowerCase() };
};
