/** The most rows that the vault puts into one answer (reference: 2.1 and 2.7, `limit`). */
export const PAGE_SIZE = 1000;

/** One answer of a list. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly totalCount?: number | undefined;
}

/** The rows of an answer that no earlier one had. `complete` is false on the page that shows that some were kept from us. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly complete: boolean;
}

/** True for each key once. */
export const isNew = <T>(seen: Set<T>, key: T): boolean => seen.size < seen.add(key).size;

/**
 * Reads a list page by page. Some servers ignore `offset` (reference: 2.1), so that a page of known rows after a full one
 * ends the list without us having seen all of it.
 */
export async function* readPages<Row>(
  fetchPage: (offset: number) => Promise<Rows<Row>>,
  keyOf: (row: Row) => string,
): AsyncIterable<Page<Row>> {
  const seen = new Set<string>();
  let offset = 0;
  for (let mayHaveMore = true; mayHaveMore; ) {
    const { rows, totalCount } = await fetchPage(offset);
    const fresh = rows.filter((row) => isNew(seen, keyOf(row)));
    const isMissingSome = totalCount !== undefined && seen.size < totalCount;
    mayHaveMore = fresh.length > 0 && (rows.length >= PAGE_SIZE || isMissingSome);
    const repeatsItself = rows.length > 0 && fresh.length === 0;
    yield { rows: fresh, complete: mayHaveMore || !(repeatsItself || isMissingSome) };
    offset += rows.length;
  }
}
