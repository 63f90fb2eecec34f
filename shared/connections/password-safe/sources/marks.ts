import type { Item } from '#shared/domain/item.ts';

/**
 * Mark of an item: the parts that identify its credential, and the text of an unreadable change date, so that a
 * different text counts as a different credential.
 */
export const marksOf = (
  parts: readonly (string | undefined)[],
  { unreadableDate }: { readonly unreadableDate?: string | undefined },
): Pick<Item, 'mark' | 'hasUnreadableDate'> => {
  const date = unreadableDate === undefined ? undefined : `date:${unreadableDate}`;
  const marks = [...parts, date].filter((part) => part !== undefined);
  return {
    mark: marks.length === 0 ? undefined : marks.join(' '),
    ...(unreadableDate !== undefined && { hasUnreadableDate: true }),
  };
};
