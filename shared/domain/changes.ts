import * as z from 'zod';
import { type Item, itemKey } from '#shared/domain/item.ts';

/**
 * Last changes of the items of a vault that shows only recent ones. A vault forgets its events after some time, and
 * that must change no stamp.
 */

export const knownChangesSchema = z.object({
  /** Time of the last whole list, UTC ISO 8601. Earlier changes of the items below are known. */
  listedAt: z.iso.datetime(),
  /** By `itemKey`: the date of the last known change as the vault wrote it; null if there is none. */
  items: z.record(z.string(), z.string().nullable()),
});
export type KnownChanges = z.infer<typeof knownChangesSchema>;

/** The part of a page of a vault's list that dates items. */
export interface ShownChanges {
  readonly items: readonly Item[];
  /** Time since which the vault shows changes, UTC ISO 8601; absent if it shows no changes, or all of them. */
  readonly changesSince?: string | undefined;
}

/**
 * Time since which several pages show changes, the latest of all; undefined if one of them shows none. A page without
 * items says nothing about their changes. Pure.
 */
export const shownSince = (pages: readonly ShownChanges[]): string | undefined => {
  const dates = pages.filter(({ items }) => items.length > 0).map(({ changesSince }) => changesSince);
  const isPartial = dates.includes(undefined);
  return isPartial ? undefined : dates.toSorted().at(-1);
};

const isBefore = (one: string, other: string): boolean => Date.parse(one) < Date.parse(other);

/**
 * Date of an item's last change. A shown date wins, then the remembered one. If a change between the last list and the
 * begin of the shown ones could be missing, the item counts as changed at that begin. Without any memory, an item
 * without a shown date has none: its stamp stays what it was before its first known change. Pure.
 */
export const changedAtOf = (
  { ref, changedAt }: Pick<Item, 'ref' | 'changedAt'>,
  changesSince: string | undefined,
  known: KnownChanges | undefined,
): string | undefined => {
  if (changedAt !== undefined || known === undefined) return changedAt;
  const key = itemKey(ref);
  const remembered = Object.hasOwn(known.items, key) ? known.items[key] : undefined;
  // A vault that shows no changes today does not undo those that it showed before.
  if (changesSince === undefined) return remembered ?? undefined;
  if (remembered === undefined || isBefore(known.listedAt, changesSince)) return changesSince;
  return remembered ?? undefined;
};

/** Dates the items of a list, page by page, and collects what the next list needs to know. */
export const createChanges = (known: KnownChanges | undefined, listedAt: string) => {
  const items = new Map<string, string | null>();
  let showsChanges = true;
  return {
    /** The page with the date of each item. Another page of the same list continues it. */
    date<Page extends ShownChanges>(page: Page): Page {
      const { changesSince } = page;
      // A page without items, such as the last one, says nothing about their changes.
      if (changesSince === undefined && page.items.length > 0) showsChanges = false;
      if (changesSince === undefined && known === undefined) return page;
      const dated = page.items.map((item): Item => {
        const changedAt = changedAtOf(item, changesSince, known);
        items.set(itemKey(item.ref), changedAt ?? null);
        return changedAt === item.changedAt ? item : { ...item, changedAt };
      });
      return { ...page, items: dated };
    },

    /**
     * Changes to remember after a list of everything: those of its items alone, so that an item that it lacked counts
     * as changed when it appears again. Undefined if the vault did not show the changes of all items: what was known
     * before stays.
     */
    known: (): KnownChanges | undefined =>
      showsChanges && items.size > 0 ? { listedAt, items: Object.fromEntries(items) } : undefined,
  };
};
