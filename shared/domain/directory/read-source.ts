import * as z from 'zod';
import {
  contradictionsIn,
  type Declared,
  type DeclaredGroup,
  type DeclaredMember,
  type DeclaredProblem,
  declaredGroupSchema,
  declaredMemberSchema,
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

interface Row<T> {
  readonly value: T;
  /** Name of the row in reports, by its position. */
  readonly name: string;
}

/** Reads each row on its own. One that cannot be used is rejected, by its position and field, never its text. */
const readRows = <T>(list: string, rows: readonly unknown[], schema: z.ZodType<T>) => {
  const read: Row<T>[] = [];
  const rejected: string[] = [];
  for (const [index, row] of rows.entries()) {
    const { data, error } = schema.safeParse(row);
    if (data !== undefined) read.push({ value: data, name: `${list} ${index + 1}` });
    else rejected.push(`${list} ${index + 1}: ${error?.issues[0]?.path.join('.') || 'the row'} cannot be used.`);
  }
  return { read, rejected };
};

const valuesOf = <T>(rows: readonly Row<T>[]): T[] => rows.map(({ value }) => value);

/** Drops the rows that contradict others, as rejected rows: by position, address and field, never another text. */
const withoutContradictions = (
  members: readonly Row<DeclaredMember>[],
  groups: readonly Row<DeclaredGroup>[],
  rejected: readonly string[],
): Declared => {
  const problems = contradictionsIn({ members: valuesOf(members), groups: valuesOf(groups) });
  const rowOf = { members: (index: number) => members[index], groups: (index: number) => groups[index] };
  const bad = new Set(problems.map(({ list, index }) => rowOf[list](index)));
  const lineOf = ({ list, index, field, message }: DeclaredProblem): string => {
    const email = list === 'members' ? ` (${members[index]?.value.email})` : '';
    const place = field.map((part) => (typeof part === 'number' ? part + 1 : part)).join(' ');
    return `${rowOf[list](index)?.name}${email}, ${place}: ${message}`;
  };
  return {
    members: valuesOf(members.filter((row) => !bad.has(row))),
    groups: valuesOf(groups.filter((row) => !bad.has(row))),
    rejected: [...rejected, ...problems.map(lineOf)],
  };
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
  return withoutContradictions(members.read, groups.read, [...members.rejected, ...groups.rejected]);
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
    const [collection, ...rights] = part.split(':');
    return {
      collection,
      ...Object.fromEntries(
        rights
          .join(':')
          .split('+')
          .flatMap((right) => (right === '' ? [] : [[right, true]])),
      ),
    };
  });

const readTable = (text: string, groups: readonly DeclaredGroup[], origin: string): Declared => {
  const [header = [], ...rows] = readCsv(text);
  const names = header.map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => !COLUMNS.some((column) => column === name));
  const isUsable = names.includes('email') && unknown.length === 0 && new Set(names).size === names.length;
  if (!isUsable) {
    throw unreadable(
      origin,
      `needs a first line with columns of ${COLUMNS.join(',')}, separated by commas, with email`,
    );
  }
  // Everyone would leave every group.
  if (groups.length > 0 && !names.includes('groups')) {
    throw unreadable(origin, 'has no column groups, but the rule has groups');
  }
  if (rows.length > MAX_ROWS) throw unreadable(origin, `has more than ${MAX_ROWS} rows`);
  const cell = (row: readonly string[], column: (typeof COLUMNS)[number]): string | undefined => {
    const index = names.indexOf(column);
    return index < 0 ? undefined : (row[index] ?? '').trim();
  };
  const values = rows.map((row) => {
    // A row of another length is one whose cells have moved. A quote that does not end has swallowed further rows.
    if (row.length !== names.length || row.some((text) => /[\r\n]/.test(text))) return undefined;
    const [type, collections] = [cell(row, 'type'), cell(row, 'collections')];
    return {
      email: cell(row, 'email'),
      ...(type && { type: type.toLowerCase() }),
      groups: listIn(cell(row, 'groups') ?? ''),
      ...(collections !== undefined && { collections: accessIn(collections) }),
    };
  });
  const members = readRows('row', values, declaredMemberSchema);
  const declared = groups.map((value, index) => ({ value, name: `groups ${index + 1}` }));
  return withoutContradictions(members.read, declared, members.rejected);
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
  format === 'json' ? readJson(text, origin) : readTable(text, groups, origin);
