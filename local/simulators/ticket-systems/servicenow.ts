import { createHash } from 'node:crypto';
import { type DeskCall, type DeskOptions, type DeskReply, type DeskServer, startDesk } from './server.ts';

/**
 * The Table API of ServiceNow, for one table. Journal fields append, and read as empty. Source: ServiceNow REST API
 * reference, "Table API".
 */

const TABLE = '/api/now/table/change_request';

export interface ServiceNowSimulator extends DeskServer {
  /** Creates or changes a record, as a person does. The counter of its changes rises. */
  set(number: string, fields: Readonly<Record<string, string>>): void;
  /** The record as values. @throws if there is none. */
  get(number: string): Readonly<Record<string, string>>;
  workNotes(number: string): readonly string[];
}

/** Starts an instance. The caller must close it. */
export const startServiceNow = async (options: DeskOptions): Promise<ServiceNowSimulator> => {
  const records = new Map<string, Record<string, string>>();
  const notes = new Map<string, string[]>();

  const set = (number: string, fields: Readonly<Record<string, string>>): void => {
    const known = records.get(number) ?? { number, sys_id: createHash('md5').update(number).digest('hex') };
    const count = Number(known['sys_mod_count'] ?? '-1') + 1;
    records.set(number, { ...known, ...fields, sys_mod_count: String(count) });
  };
  const find = (query: URLSearchParams): DeskReply => {
    if (query.get('sysparm_display_value') !== 'false') return { status: 400 };
    const [, number] = /^number=([\w-]+)$/.exec(query.get('sysparm_query') ?? '') ?? [];
    const record = records.get(number ?? '');
    return { status: 200, body: { result: record === undefined ? [] : [{ ...record, work_notes: '' }] } };
  };
  const patch = (id: string, body: unknown): DeskReply => {
    const record = [...records.values()].find(({ sys_id }) => sys_id === id);
    if (record === undefined)
      return { status: 404, body: { error: { message: 'No Record found' }, status: 'failure' } };
    const { work_notes: note, ...fields } = Object(body);
    const number = String(record['number']);
    set(number, fields);
    if (typeof note === 'string') notes.set(number, [...(notes.get(number) ?? []), note]);
    return { status: 200, body: { result: { sys_id: id } } };
  };
  const server = await startDesk(options, ({ method, path, query, body }: DeskCall) => {
    if (method === 'GET' && path === TABLE) return find(query);
    const [, id] = /^\/api\/now\/table\/change_request\/([0-9a-f]{32})$/.exec(path) ?? [];
    return method === 'PATCH' && id !== undefined ? patch(id, body) : { status: 404 };
  });
  return {
    ...server,
    set,
    get(number) {
      const record = records.get(number);
      if (record === undefined) throw new Error(`There is no ${number}.`);
      return record;
    },
    workNotes: (number) => notes.get(number) ?? [],
  };
};
