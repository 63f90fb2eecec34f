import type { Item } from '#shared/domain/item.ts';

/**
 * What an item is marked with: that which tells its credential apart, and the text of a date of change that can't be read, so
 * that another text counts as another credential.
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
