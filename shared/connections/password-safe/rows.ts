import * as z from 'zod';
import { int } from '#shared/connections/password-safe/fields.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { fit } from '#shared/json-shape.ts';

/** Lists of the vault, row by row: one that can't be read is set aside, and hides no other. */

/** A row that can't be read, by what it may be told by: nothing of it but its ids. */
export interface OddRow {
  readonly ids: Readonly<Record<string, string>>;
  /** What is wrong with it, in words. */
  readonly misfit: string;
}

/** A row of a list; `key` tells it from all others, and is undefined where it lacks an id. */
export type ListedRow<Row> = { readonly key: string | undefined } & ({ readonly row: Row } | { readonly odd: OddRow });

/** One answer of a list, in the order of its rows. */
export interface Rows<Row> {
  readonly listed: readonly ListedRow<Row>[];
  /** How many there are on all pages, where the vault says it. */
  readonly totalCount?: number | undefined;
}

export const isOdd = <Row>(listed: ListedRow<Row>): listed is Extract<ListedRow<Row>, { odd: OddRow }> =>
  'odd' in listed;
export const readableIn = <Row>(listed: readonly ListedRow<Row>[]): Row[] =>
  listed.flatMap((one) => (isOdd(one) ? [] : [one.row]));
export const oddIn = <Row>(listed: readonly ListedRow<Row>[]): OddRow[] =>
  listed.flatMap((one) => (isOdd(one) ? [one.odd] : []));

/** A property of a row that holds an id; undefined where there is nothing that could be one. */
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

const idsIn = (row: unknown, names: readonly string[]): OddRow['ids'] =>
  Object.fromEntries(
    names.flatMap((name) => {
      const id = idIn(row, name);
      return id === undefined ? [] : [[name, id]];
    }),
  );

/** One shape for the three that a list comes in: an array, `{TotalCount, Data}`, or the only row by itself. */
const unwrap = (answer: unknown) => {
  if (Array.isArray(answer)) return { rows: answer };
  if (typeof answer === 'object' && answer !== null && 'Data' in answer) {
    return { rows: answer.Data, totalCount: 'TotalCount' in answer ? answer.TotalCount : undefined };
  }
  return { rows: [answer] };
};

/**
 * The schema of a list of such rows; `ids` are the properties that tell them apart. An answer of which no row can be read, nor
 * has an id, is none.
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

/** What stands in an id's place may be anything: only what looks like one is told. */
const ID = /^[\w-]{1,64}$/;

const describeIds = ({ ids }: OddRow): string =>
  Object.entries(ids)
    .filter(([, id]) => ID.test(id))
    .map(([name, id]) => `${name} ${id}`)
    .join(', ') || 'without an id';

/** A row of a list as a thing that can't be delivered. `what` is what the row is about, such as `an account`. */
export const rejectedAs =
  (connection: string, what: string) =>
  (odd: OddRow): Rejected => ({
    title: `${what} that can't be read (${describeIds(odd)})`,
    message: `${connection}: its row in the list has an unknown shape (${odd.misfit}), so it is left out. Look at it in the vault; if it is as it should be there, the vault speaks a version that the relay does not know.`,
  });

/** Told of a list whose rows can't all be read. */
export type OnUnreadable = (error: RelayError) => void;

const raise: OnUnreadable = (error) => {
  throw error;
};

/** The rows that can be read. For others it raises `AnswerMalformed`, unless the caller says what to do about them. */
export const readableRows = <Row>(
  connection: string,
  call: string,
  { listed, totalCount = 0 }: Rows<Row>,
  onUnreadable: OnUnreadable = raise,
): readonly Row[] => {
  const [odd, ...others] = oddIn(listed);
  const tell = (problem: string) =>
    onUnreadable(
      new RelayError(
        'AnswerMalformed',
        `${connection}: ${call} ${problem}, so that nothing is known of the rest. If the vault itself shows all of it, it speaks a version that the relay does not know.`,
      ),
    );
  if (odd !== undefined) {
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    tell(`lists what can't be read (${describeIds(odd)}: ${odd.misfit}${more})`);
  } else if (totalCount > listed.length) tell(`lists ${listed.length} of ${totalCount}`);
  return readableIn(listed);
};
