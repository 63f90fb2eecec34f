import * as z from 'zod';
import { interpretCall } from '#shared/connections/sra/errors.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';
import type { AnswerHeaders } from '#shared/http/exchange.ts';
import type { Query } from '#shared/http/request.ts';
import { fit } from '#shared/json-shape.ts';

/** Lists of the Configuration API, read by its links. */

/** Largest page that the site allows, and its default. */
const PAGE_SIZE = 100;

/** Pages in a row without a new row, after which a list has no end. Rows that are added can repeat a whole page. */
const MAX_BARREN_PAGES = 3;

export interface List<Row extends z.ZodType> {
  /** Path below the Configuration API, such as `vault/account`. */
  readonly path: string;
  readonly query?: Query;
  /** Shape of a row, which has an `id`. */
  readonly row: Row;
  /** Kind of row in messages, such as `An account`. */
  readonly what: string;
}

/** One page; rows of earlier pages are left out. */
interface Page<Row> {
  readonly rows: readonly Row[];
  /** False if this page shows that rows are missing or may be missing. */
  readonly complete: boolean;
  readonly rejected: readonly Rejected[];
}

/** All values of a header together; empty if it is missing. */
const headerOf = (headers: AnswerHeaders, name: string): string => [headers[name] ?? []].flat().join(', ');

/** Address of the next or the last page in a `Link` header, as written; undefined if there is none. Pure. */
export const addressIn = (link: string, relation: 'next' | 'last'): string | undefined => {
  for (const [, address, parameters = ''] of link.matchAll(/<([^>]*)>([^<]*)/g)) {
    const [, relations = ''] = /;\s*rel\s*=\s*["']?([^"',;]*)["']?\s*([,;]|$)/i.exec(parameters) ?? [];
    if (relations.toLowerCase().split(/\s+/).includes(relation)) return address;
  }
  return undefined;
};

const TOTAL = 'x-bt-pagination-total';

const totalIn = (headers: AnswerHeaders): number | undefined => {
  const text = headerOf(headers, TOTAL).trim();
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

const idSchema = z.object({ id: z.union([z.number(), z.string()]).transform(String) });

/** Id of a row, readable or not. Other values are not shown, because an id property can contain anything. */
const idOf = (row: unknown): string | undefined => {
  const { data } = idSchema.safeParse(row);
  return data !== undefined && /^\w{1,20}$/.test(data.id) ? data.id : undefined;
};

const rejectedAs = ({ connection }: Session, what: string, id: string | undefined, misfit: string): Rejected => ({
  title: `${what} that can't be read (${id === undefined ? 'without an id' : `id ${id}`})`,
  message: `${connection}: its row in the list has an unknown shape (${misfit}), so it was skipped. Check it in the site; if it is correct there, the relay does not support this version of the site.`,
});

const unusable = ({ connection }: Session, path: string, problem: string): RelayError =>
  new RelayError(
    'AnswerMalformed',
    `${connection}: the list ${path} names a next page ${problem}. Set url in relay.yaml to the primary host name of the site, and check any proxy in between.`,
  );

/** Query of the next page. A link to any other place is never followed: the call would carry the token there. */
const queryOf = (session: Session, path: string, address: string): Query => {
  const own = new URL(`/${path}`, session.origin);
  const next = URL.canParse(address, own.href) ? new URL(address, own) : undefined;
  if (next?.origin !== own.origin || next.pathname !== own.pathname) {
    throw unusable(session, path, 'at another address');
  }
  return Object.fromEntries(next.searchParams);
};

/**
 * Reads a list page by page, by the links of the site. Rows that are added or removed during the read move others: a
 * list whose total changes, that repeats a row or that ends before its total is not complete. Repeatable. Raises
 * `AnswerMalformed` for a list without an end.
 */
export async function* readPages<Row extends z.ZodType>(
  session: Session,
  { path: list, query, row, what }: List<Row>,
): AsyncIterable<Page<z.output<Row>>> {
  const path = `${CONFIGURATION}/${list}`;
  const seen = new Set<string>();
  const visited = new Set<string>();
  let before: number | undefined;
  let barren = 0;
  for (let at: Query | undefined = { per_page: PAGE_SIZE, ...query }; at !== undefined; ) {
    const { value, headers } = await session.send({
      method: 'GET',
      path,
      query: at,
      idempotent: true,
      interpret: interpretCall,
      read: json(z.array(z.unknown())),
    });
    const fresh = value.filter((raw) => {
      const id = idOf(raw);
      return id === undefined || seen.size < seen.add(id).size;
    });
    const rows: z.output<Row>[] = [];
    const rejected: Rejected[] = [];
    for (const raw of fresh) {
      const fitted = fit(row, raw);
      if (fitted.fits) rows.push(fitted.data);
      else rejected.push(rejectedAs(session, what, idOf(raw), fitted.misfit));
    }
    const link = headerOf(headers, 'link');
    const next = addressIn(link, 'next');
    const total = totalIn(headers);
    const hasMoved = fresh.length < value.length || (before !== undefined && total !== before);
    const isMissingSome = next === undefined && total !== undefined && seen.size < total;
    // A link header always names the last page. A proxy can have dropped or changed it.
    const isProvenLast = total !== undefined || value.length < PAGE_SIZE || addressIn(link, 'last') !== undefined;
    const mayGoOn = next === undefined && !isProvenLast;
    yield { rows, rejected, complete: !(hasMoved || isMissingSome || mayGoOn) && rejected.length === 0 };
    before = total;
    at = next === undefined ? undefined : queryOf(session, path, next);
    const key = JSON.stringify(at);
    if (at !== undefined && visited.size === visited.add(key).size) throw unusable(session, path, 'that it had before');
    barren = fresh.length === 0 ? barren + 1 : 0;
    if (at !== undefined && barren >= MAX_BARREN_PAGES) throw unusable(session, path, 'without an end');
  }
}
