import * as z from 'zod';
import {
  type Declared,
  type DeclaredGroup,
  declaredGroupSchema,
  declaredMemberSchema,
  withoutContradictions,
} from '#shared/domain/directory/declared.ts';
import { readCsv } from '#shared/domain/directory/read-csv.ts';
import { RelayError } from '#shared/errors.ts';

/** More rows than any directory has. */
const MAX_ROWS = 100_000;

const documentSchema = z.strictObject({
  members: z.array(z.unknown()).max(MAX_ROWS),
  groups: z.array(z.unknown()).max(MAX_ROWS).default([]),
});

const unreadable = (origin: string, why: string): RelayError =>
  new RelayError('ConfigurationInvalid', `${origin} ${why}. Nothing is changed. Correct the object.`);

/** Reads each row on its own. One that cannot be used is rejected, by its position and field, never its text. */
const readRows = <T>(list: string, rows: readonly unknown[], schema: z.ZodType<T>) => {
  const read: T[] = [];
  const rejected: string[] = [];
  for (const [index, row] of rows.entries()) {
    const { data, error } = schema.safeParse(row);
    if (data !== undefined) read.push(data);
    else rejected.push(`${list} ${index + 1}: ${error?.issues[0]?.path.join('.') || 'the row'} cannot be used.`);
  }
  return { read, rejected };
};

/**
 * Reads the declared state in JSON. Raises `ConfigurationInvalid` with the name of the object if it is no document of
 * that shape. Pure.
 */
const readJson = (text: string, origin: string): Declared => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable(origin, 'is not JSON');
  }
  const { data } = documentSchema.safeParse(value);
  if (data === undefined) throw unreadable(origin, 'does not have the shape of directory.schema.json');
  const members = readRows('members', data.members, declaredMemberSchema);
  const groups = readRows('groups', data.groups, declaredGroupSchema);
  return { members: members.read, groups: groups.read, rejected: [...members.rejected, ...groups.rejected] };
};

const COLUMNS = ['email', 'type', 'groups', 'collections'] as const;

const listIn = (cell: string): string[] =>
  cell
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Access in a cell: the collection, and after a colon the rights, such as `c1:readOnly+hidePasswords`. */
const accessIn = (cell: string): unknown[] =>
  listIn(cell).map((part) => {
    const [collection, rights = ''] = part.split(':');
    return {
      collection,
      ...Object.fromEntries(rights.split('+').flatMap((right) => (right === '' ? [] : [[right, true]]))),
    };
  });

const readTable = (text: string, groups: readonly DeclaredGroup[], origin: string): Declared => {
  const [header = [], ...rows] = readCsv(text);
  const names = header.map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => !COLUMNS.some((column) => column === name));
  const isUsable = names.includes('email') && unknown.length === 0 && new Set(names).size === names.length;
  if (!isUsable) throw unreadable(origin, `needs a first line with columns of ${COLUMNS.join(', ')}, email among them`);
  if (rows.length > MAX_ROWS) throw unreadable(origin, `has more than ${MAX_ROWS} rows`);
  const cell = (row: readonly string[], column: (typeof COLUMNS)[number]): string | undefined => {
    const index = names.indexOf(column);
    return index < 0 ? undefined : (row[index] ?? '').trim();
  };
  const values = rows.map((row) => {
    // A row of another length is one whose cells have moved.
    if (row.length !== names.length) return undefined;
    const [type, collections] = [cell(row, 'type'), cell(row, 'collections')];
    return {
      email: cell(row, 'email'),
      ...(type && { type: type.toLowerCase() }),
      groups: listIn(cell(row, 'groups') ?? ''),
      ...(collections !== undefined && { collections: accessIn(collections) }),
    };
  });
  const members = readRows('row', values, declaredMemberSchema);
  return { members: members.read, groups, rejected: members.rejected };
};

export interface SourceText {
  readonly text: string;
  readonly format: 'json' | 'csv';
  /** Groups of relay.yaml, for a table, which has members only. */
  readonly groups: readonly DeclaredGroup[];
  /** Name of the object, for errors. */
  readonly origin: string;
}

/** Reads the declared state. Rows that cannot be used, or contradict others, are rejected alone. Pure. */
export const readSource = ({ text, format, groups, origin }: SourceText): Declared =>
  withoutContradictions(format === 'json' ? readJson(text, origin) : readTable(text, groups, origin));
