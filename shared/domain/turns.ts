import { type Item, itemKey, type Member } from '#shared/domain/item.ts';
import { revisionOf, type Stamp, stampOf } from '#shared/domain/stamp.ts';

/** Items whose accounts take turns: the choice of the account that readers get. Pure. */

/** By the keys of items: the key of the account that is active. */
export type ActiveAccounts = Readonly<Record<string, string>>;

export const activeOf = (active: ActiveAccounts, { ref }: Pick<Item, 'ref'>): string | undefined => {
  const key = itemKey(ref);
  return Object.hasOwn(active, key) ? active[key] : undefined;
};

/** The item with the credential of one of its accounts. The mark names the account, so the stamp depends on it. */
export const activate = ({ members: _, ...item }: Item, member: Member): Item => ({
  ...item,
  // A listed pair already has the labels of its first account.
  labels: { ...item.labels, ...member.labels },
  changedAt: member.changedAt,
  mark: [itemKey(member.ref), member.mark].filter((part) => part !== undefined).join(' '),
  hasUnreadableDate: member.hasUnreadableDate,
  changing: member.changing,
  handle: member.handle,
  active: member.ref,
});

/** The member with this key; undefined for a key of no member, for example after a change of the configuration. */
export const memberOf = ({ members = [] }: Pick<Item, 'members'>, key: string | undefined): Member | undefined =>
  members.find(({ ref }) => itemKey(ref) === key);

/** Fingerprint of the rendering of an item, and the stamps under its name, one for each store that has one. */
interface Evidence {
  readonly connection: string;
  readonly fingerprint: (item: Item) => string;
  readonly held: readonly Stamp[];
}

/** `several`: the stores hold the credentials of these members, and nothing shows which of them is active. */
export type Choice =
  | { readonly kind: 'active'; readonly item: Item }
  | { readonly kind: 'several'; readonly members: readonly Member[] };

/**
 * Chooses the active member: the recorded one; without a record, the one whose credential the stores hold; without
 * either, the first. An item without members is returned as it is.
 */
export const chooseActive = (item: Item, recorded: string | undefined, evidence: Evidence): Choice => {
  const { members = [] } = item;
  const [first] = members;
  if (first === undefined) return { kind: 'active', item };
  const known = memberOf(item, recorded);
  if (known !== undefined) return { kind: 'active', item: activate(item, known) };
  const held = members.filter((member) => isHeld(activate(item, member), evidence));
  if (held.length > 1) return { kind: 'several', members: held };
  return { kind: 'active', item: activate(item, held[0] ?? first) };
};

const isHeld = (item: Item, { connection, fingerprint, held }: Evidence): boolean => {
  const stamp = stampOf(connection, item, fingerprint(item));
  return held.some((one) => revisionOf(stamp, one) !== undefined);
};
