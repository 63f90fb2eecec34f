import { isOdd, type ListedRow, type Rows } from '#shared/connections/password-safe/rows.ts';

/** The most rows that the vault puts into one answer (reference: 2.1 and 2.7, `limit`). A site may put fewer. */
export const PAGE_SIZE = 1000;

/** The rows of an answer that no earlier one had. */
export interface Page<Row> {
  readonly listed: readonly ListedRow<Row>[];
  /** False on the page that shows that some rows were kept from us, or may have been. */
  readonly complete: boolean;
}

/** True for each key once. */
const isNew = <T>(seen: Set<T>, key: T): boolean => seen.size < seen.add(key).size;

/** True for each row once; a row without an id is told from no other. */
export const isNewRow = <Row>(seen: Set<string>, { key }: ListedRow<Row>): boolean =>
  key === undefined || isNew(seen, key);

const isSamePage = <Row>(listed: readonly ListedRow<Row>[], other: Rows<Row>): boolean =>
  listed.length === other.listed.length && listed.every(({ key }, index) => key === other.listed[index]?.key);

/** True when the page holds the last row of the page before, and only rows after it that no page held. */
const continuesAfter = <Row>(
  anchor: string,
  listed: readonly ListedRow<Row>[],
  fresh: readonly ListedRow<Row>[],
): boolean => {
  const at = listed.findLastIndex(({ key }) => key === anchor);
  return at >= 0 && listed.slice(at + 1).every((one) => fresh.includes(one));
};

/**
 * Reads a list page by page, to the page that brings no new row, or to where the vault's count says that it was all: a short
 * page alone may be one that the site has cut.
 *
 * Each page begins with the last row of the one before. Where that row is not there again, or known rows follow it, rows have
 * moved between the two calls, and some may have been skipped. A page that is as long as any and repeats known rows has two
 * causes: the server ignores `offset` (reference: 2.1), or as many rows as a page has were inserted before it. Only a server
 * that answers any offset alike, with less than a full page, has shown all of the list.
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
    // Rows without an id are new only where they follow what was asked for, or a list could go on for ever.
    const follows =
      anchor !== undefined && listed.every(({ key }, index) => key === (index === 0 ? anchor : undefined));
    const bringsNew = fresh.some(({ key }) => key !== undefined) || (follows && listed.length > 1);
    mayHaveMore = bringsNew && seen.size !== totalCount;
    const isMissingSome = totalCount !== undefined && seen.size < totalCount;
    const isRepeated = !bringsNew && listed.length > 0 && listed.length >= longest && !follows;
    const repeatsSome =
      isRepeated && (listed.length >= PAGE_SIZE || !isSamePage(listed, await fetchPage(offset + PAGE_SIZE)));
    const isCutShort = !mayHaveMore && (isMissingSome || repeatsSome);
    const told = bringsNew || anchor === undefined ? fresh : [];
    yield { listed: told, complete: !(hasMoved || isCutShort || listed.some(isOdd)) };
    longest = Math.max(longest, listed.length);
    anchor = listed.length > 1 ? listed.at(-1)?.key : undefined;
    offset += anchor === undefined ? listed.length : listed.length - 1;
  }
}
