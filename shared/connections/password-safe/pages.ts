import { isOdd, type ListedRow, type Rows } from '#shared/connections/password-safe/rows.ts';

/**
 * Largest number of rows in one answer of the vault (reference: 2.1 and 2.7, `limit`). A site can set a lower limit.
 */
export const PAGE_SIZE = 1000;

/** The rows of one answer that no earlier answer contained. */
export interface Page<Row> {
  readonly listed: readonly ListedRow<Row>[];
  /** False if this page shows that rows are missing or may be missing. */
  readonly complete: boolean;
}

/** True for the first occurrence of a key. */
const isNew = <T>(seen: Set<T>, key: T): boolean => seen.size < seen.add(key).size;

/** True for the first occurrence of a row. A row without an id always counts as new. */
export const isNewRow = <Row>(seen: Set<string>, { key }: ListedRow<Row>): boolean =>
  key === undefined || isNew(seen, key);

const isSamePage = <Row>(listed: readonly ListedRow<Row>[], other: Rows<Row>): boolean =>
  listed.length === other.listed.length && listed.every(({ key }, index) => key === other.listed[index]?.key);

/** True if the page contains the last row of the previous page and only new rows after it. */
const continuesAfter = <Row>(
  anchor: string,
  listed: readonly ListedRow<Row>[],
  fresh: readonly ListedRow<Row>[],
): boolean => {
  const at = listed.findLastIndex(({ key }) => key === anchor);
  return at >= 0 && listed.slice(at + 1).every((one) => fresh.includes(one));
};

/**
 * Reads a list page by page, until a page has no new row or the vault's total count is reached. A short page alone does
 * not prove the end, because a site can limit the page size.
 *
 * Each page begins with the last row of the previous one. If that row is missing, or known rows follow it, rows moved
 * between the two calls and some may have been skipped. A page that is at least as long as any earlier one and has only
 * known rows has two possible causes: the server ignores `offset` (reference: 2.1), or a page of rows was inserted
 * before it. Only a server that returns the same page at any offset, with fewer rows than a full page, has shown the
 * whole list.
 */
export async function* readPages<Row>(fetchPage: (offset: number) => Promise<Rows<Row>>): AsyncIterable<Page<Row>> {
  const seen = new Set<string>();
  let anchor: string | undefined;
  let offset = 0;
  let longest = 0;
  for (let mayHaveMore = true; mayHaveMore; ) {
    const { listed, totalCount } = await fetchPage(offset);
    const fresh = listed.filter((one) => isNewRow(seen, one));
    const hasMoved = anchor !== undefined && !continuesAfter(anchor, listed, fresh);
    // Rows without an id count as new only directly after the anchor; otherwise the list might never end.
    const follows =
      anchor !== undefined && listed.every(({ key }, index) => key === (index === 0 ? anchor : undefined));
    const bringsNew = fresh.some(({ key }) => key !== undefined) || (follows && listed.length > 1);
    mayHaveMore = bringsNew && seen.size !== totalCount;
    const isMissingSome = totalCount !== undefined && seen.size < totalCount;
    const isRepeated = !bringsNew && listed.length > 0 && listed.length >= longest && !follows;
    const repeatsSome =
      isRepeated && (listed.length >= PAGE_SIZE || !isSamePage(listed, await fetchPage(offset + PAGE_SIZE)));
    const isCutShort = !mayHaveMore && (isMissingSome || repeatsSome);
    const newRows = bringsNew || anchor === undefined ? fresh : [];
    yield { listed: newRows, complete: !(hasMoved || isCutShort || listed.some(isOdd)) };
    longest = Math.max(longest, listed.length);
    anchor = listed.length > 1 ? listed.at(-1)?.key : undefined;
    offset += anchor === undefined ? listed.length : listed.length - 1;
  }
}
