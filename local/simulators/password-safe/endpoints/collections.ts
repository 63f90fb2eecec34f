import * as z from 'zod';
import type { Call } from '../calls.ts';
import { pageOf } from '../paging.ts';
import { json, type Reply, refusal } from '../replies.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site, Subject } from '../site.ts';
import { hasFullControl, hasRole, type Role } from '../users.ts';

const DEFAULT_LIMIT = 100_000;

const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).optional(),
  offset: z.coerce.number().int().min(0).default(0),
});

/** A 403 unless the user has one of the roles. An empty list of roles admits everybody who is signed in. */
export const refuseWithout = ({ user }: Session, roles: readonly Role[]): Reply | undefined =>
  roles.length === 0 || hasRole(user, ...roles) ? undefined : refusal(403, 'Permission denied.');

/** A 403 unless the user has full control by every one of the roles. */
const refuseChange = ({ user }: Session, roles: readonly Role[]): Reply | undefined =>
  roles.every((role) => hasFullControl(user, role)) ? undefined : refusal(403, 'Permission denied.');

interface Change {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly template: string;
  /** Full control by all of them is needed. */
  readonly roles: readonly Role[];
  readonly subject?: (site: Site, call: Call) => Subject;
  readonly handle: (site: Site, call: Call, session: Session) => Reply;
}

/** A call that creates, changes or deletes an object. */
export const change = (spec: Change): Endpoint => ({
  method: spec.method,
  template: spec.template,
  kind: 'provision',
  ...(spec.subject === undefined ? {} : { subject: spec.subject }),
  handle: (site, call, session) => refuseChange(session, spec.roles) ?? spec.handle(site, call, session),
});

/** Either the rows of a collection, or undefined if the object in the path does not exist. */
type Rows<Row> = (site: Site, call: Call) => readonly Row[] | undefined;

interface Collection<Row> {
  readonly template: string;
  /** Each of these roles may read. Empty: everybody who is signed in. */
  readonly roles: readonly Role[];
  /** Begins the sentence of a 404. */
  readonly called: string;
  readonly rows: Rows<Row>;
  /** The query parameter with which the call returns one object, and the field that it matches, in any case. */
  readonly lookUp?: { readonly parameter: string; readonly text: (row: Row) => string };
  /** Answer to `limit`: ignored, a shorter array, or `{TotalCount, Data}`. Default: ignored. */
  readonly paging?: (site: Site) => 'ignored' | 'array' | 'counted';
}

/** A list that is read with one GET. */
export const collection = <Row extends object>(spec: Collection<Row>): Endpoint => ({
  method: 'GET',
  template: spec.template,
  kind: 'other',
  handle: (site, call, session) => {
    const refused = refuseWithout(session, spec.roles);
    if (refused !== undefined) return refused;
    const rows = spec.rows(site, call);
    const missing = refusal(404, `${spec.called} not found`);
    if (rows === undefined) return missing;
    const wanted = spec.lookUp && call.query.get(spec.lookUp.parameter.toLowerCase());
    if (wanted === undefined) return page(site, call, rows, spec.paging?.(site) ?? 'ignored');
    const found = rows.find((row) => spec.lookUp?.text(row).toLowerCase() === wanted.toLowerCase());
    return found === undefined ? missing : json(200, found);
  },
});

export const counted = () => 'counted' as const;

/** One page of the rows. */
export const page = <Row>(
  site: Site,
  call: Call,
  rows: readonly Row[],
  paging: 'ignored' | 'array' | 'counted',
): Reply => {
  const query = pageQuery.safeParse(Object.fromEntries(call.query)).data;
  if (query === undefined) return refusal(400, 'A query parameter is invalid.');
  const { limit, offset } = query;
  if (paging === 'ignored' || limit === undefined) return json(200, rows.slice(0, DEFAULT_LIMIT));
  const switches = { ...site.switches, largestPage: DEFAULT_LIMIT };
  const Data = pageOf(rows, { limit, offset }, switches);
  return json(200, paging === 'counted' ? { TotalCount: rows.length, Data } : Data);
};

/** One object by the last number of the path. */
export const member = <Row extends object>(
  spec: Pick<Collection<Row>, 'template' | 'roles' | 'called'> & {
    readonly row: (site: Site, id: number, call: Call) => Row | undefined;
  },
): Endpoint => ({
  method: 'GET',
  template: spec.template,
  kind: 'other',
  handle: (site, call, session) => {
    const refused = refuseWithout(session, spec.roles);
    if (refused !== undefined) return refused;
    const row = spec.row(site, call.ids.at(-1) ?? 0, call);
    return row === undefined ? refusal(404, `${spec.called} not found`) : json(200, row);
  },
});
