import * as z from 'zod';
import { int } from '#shared/connections/password-safe/fields.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { fit } from '#shared/json-shape.ts';

/** Lists of the vault, read row by row: an unreadable row is set aside and hides no other row. */

/** An unreadable row, reduced to its ids. */
export interface UnreadableRow {
  readonly ids: Readonly<Record<string, string>>;
  /** Description of the mismatch. */
  readonly misfit: string;
}

/** A row of a list. `key` identifies the row; undefined if an id is missing. */
export type ListedRow<Row> = { readonly key: string | undefined } & (
  | { readonly row: Row }
  | { readonly odd: UnreadableRow }
);

/** One answer of a list, in the order of its rows. */
export interface Rows<Row> {
  readonly listed: readonly ListedRow<Row>[];
  /** Number of rows on all pages, if the vault sends it. */
  readonly totalCount?: number | undefined;
}

export const isOdd = <Row>(listed: ListedRow<Row>): listed is Extract<ListedRow<Row>, { odd: UnreadableRow }> =>
  'odd' in listed;
export const readableIn = <Row>(listed: readonly ListedRow<Row>[]): Row[] =>
  listed.flatMap((one) => (isOdd(one) ? [] : [one.row]));
export const oddIn = <Row>(listed: readonly ListedRow<Row>[]): UnreadableRow[] =>
  listed.flatMap((one) => (isOdd(one) ? [one.odd] : []));

/** Id in a property of a row; undefined if the value cannot be an id. */
const idIn = (row: unknown, name: string): string | undefined => {
  if (typeof row !== 'object' || row === null) return undefined;
  const value: unknown = Reflect.get(row, name);
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return String(value).trim() || undefined;
};

const keyOf = (row: unknown, names: readonly string[]): string | undefined => {
  const ids = names.map((name) => idIn(row, name));
  return ids.length === 0 || ids.includes(undefined) ? undefined : ids.join('/');
};

const idsIn = (row: unknown, names: readonly string[]): UnreadableRow['ids'] =>
  Object.fromEntries(
    names.flatMap((name) => {
      const id = idIn(row, name);
      return id === undefined ? [] : [[name, id]];
    }),
  );

/** Converts the three shapes of a list to one: an array, `{TotalCount, Data}`, or a single row. */
const unwrap = (answer: unknown) => {
  if (Array.isArray(answer)) return { rows: answer };
  if (typeof answer === 'object' && answer !== null && 'Data' in answer) {
    return { rows: answer.Data, totalCount: 'TotalCount' in answer ? answer.TotalCount : undefined };
  }
  return { rows: [answer] };
};

/**
 * Schema of a list of such rows; `ids` are the properties that identify a row. Refuses an answer in which no row is
 * readable and none has an id.
 */
export const listOf = <Row extends z.ZodType>(row: Row, ids: readonly string[]) =>
  z
    .preprocess(unwrap, z.object({ rows: z.array(z.unknown()), totalCount: int.nullish() }))
    .transform(({ rows, totalCount }, context): Rows<z.output<Row>> => {
      const listed = rows.map((raw): ListedRow<z.output<Row>> => {
        const key = keyOf(raw, ids);
        const fitted = fit(row, raw);
        return fitted.fits ? { key, row: fitted.data } : { key, odd: { ids: idsIn(raw, ids), misfit: fitted.misfit } };
      });
      const odd = oddIn(listed);
      const [first] = odd;
      if (first !== undefined && odd.length === rows.length && odd.every((one) => Object.keys(one.ids).length === 0)) {
        context.addIssue({ code: 'custom', message: first.misfit });
      }
      return { listed, totalCount: totalCount ?? undefined };
    });

/** Pattern of a plausible id. Other values are not shown, because an id property can contain anything. */
const ID = /^[\w-]{1,64}$/;

const describeIds = ({ ids }: UnreadableRow): string =>
  Object.entries(ids)
    .filter(([, id]) => ID.test(id))
    .map(([name, id]) => `${name} ${id}`)
    .join(', ') || 'without an id';

/** Converts an unreadable row to a rejected item. `what` describes the row, such as `An account`. */
export const rejectedAs =
  (connection: string, what: string) =>
  (odd: UnreadableRow): Rejected => ({
    title: `${what} that can't be read (${describeIds(odd)})`,
    message: `${connection}: its row in the list has an unknown shape (${odd.misfit}), so it was skipped. Check it in the vault; if it is correct there, the relay does not support this version of the vault.`,
  });

/** Called for a list with unreadable or missing rows. */
export type OnUnreadable = (error: RelayError) => void;

const raise: OnUnreadable = (error) => {
  throw error;
};

/**
 * Returns the readable rows. Raises `AnswerMalformed` for unreadable or missing rows, unless the caller handles them.
 */
export const readableRows = <Row>(
  connection: string,
  call: string,
  { listed, totalCount = 0 }: Rows<Row>,
  onUnreadable: OnUnreadable = raise,
): readonly Row[] => {
  const [odd, ...others] = oddIn(listed);
  const report = (problem: string) =>
    onUnreadable(
      new RelayError(
        'AnswerMalformed',
        `${connection}: ${call} ${problem}, so the list is incomplete. If the vault shows all rows, the relay does not support this version of the vault.`,
      ),
    );
  if (odd !== undefined) {
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    report(`returned unreadable rows (${describeIds(odd)}: ${odd.misfit}${more})`);
  } else if (totalCount > listed.length) report(`returned ${listed.length} of ${totalCount} rows`);
  return readableIn(listed);
};
