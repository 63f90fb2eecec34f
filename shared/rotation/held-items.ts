import { itemKey, type Labels } from '#shared/domain/item.ts';
import type { HeldItems } from '#shared/domain/rotation/holds.ts';
import { type RotationItems, turnOf } from '#shared/records/rotation-record.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';

type Items = RotationItems['items'];

/** Labels of an item, or of an account that takes turns for one; empty for any other credential. Pure. */
const labelsIn = (items: Items, key: string): Labels => {
  if (Object.hasOwn(items, key)) return items[key]?.labels ?? {};
  const members = Object.values(items).flatMap((item) => item.members ?? []);
  return members.find(({ ref }) => itemKey(ref) === key)?.labels ?? {};
};

/**
 * The items of a run, as its holds need them. A change of an item in turns is one of its account, and a change of one
 * account of a set changes all of it: syncs and checkouts of these have to find the hold as well.
 */
export const heldItemsOf = (ledger: Ledger, items: Items): HeldItems => ({
  labelsOf: (key) => labelsIn(items, key),
  changedWith(id) {
    const turn = turnOf(ledger.progress, id);
    const set = (Object.hasOwn(items, id) ? items[id]?.together : undefined) ?? [];
    return turn === undefined ? set : [itemKey(turn.account.ref), ...set];
  },
});
