import * as z from 'zod';
import { int } from '#shared/connections/password-safe/fields.ts';
import { findRows, type RowsSchema } from '#shared/connections/password-safe/resources/calls.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';

/** Objects that a blueprint names and the relay never changes, looked up by their names. */

interface Named {
  readonly id: number;
  readonly name: string;
}

/** One kind of such objects. */
interface Kind {
  readonly path: string;
  /** In messages, such as `workgroup`. */
  readonly what: string;
  readonly rows: RowsSchema<Named>;
}

const kind = (path: string, what: string, id: string, name: string): Kind => ({
  path,
  what,
  rows: listOf(
    z
      .looseObject({ [id]: int, [name]: z.string() })
      .transform((row): Named => ({ id: Number(row[id]), name: String(row[name]) })),
    [id],
  ),
});

const KINDS = {
  workgroup: kind('Workgroups', 'workgroup', 'ID', 'Name'),
  platform: kind('Platforms', 'platform', 'PlatformID', 'Name'),
  functionalAccount: kind('FunctionalAccounts', 'functional account', 'FunctionalAccountID', 'DisplayName'),
  passwordRule: kind('PasswordRules', 'password rule', 'PasswordRuleID', 'Name'),
  keyRule: kind('DSSKeyRules', 'DSS key rule', 'DSSKeyRuleID', 'Name'),
  role: kind('Roles', 'role', 'RoleID', 'Name'),
  accessPolicy: kind('AccessPolicies', 'access policy', 'AccessPolicyID', 'Name'),
  permission: kind('Permissions', 'permission', 'PermissionID', 'Name'),
} as const satisfies Record<string, Kind>;
export type LookUpKind = keyof typeof KINDS;

const CACHED_MS = 60_000;
const MAX_SHOWN = 5;

interface Cached {
  readonly rows: Promise<readonly Named[]>;
  readonly until: number;
}

/** Lists of one process, by connection and kind. */
const cache = new Map<string, Cached>();

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** All objects of a kind. One list serves a minute. A failed list is not kept. */
const listKind = (session: Session, name: LookUpKind): Promise<readonly Named[]> => {
  const key = `${session.connection}/${name}`;
  const known = cache.get(key);
  if (known !== undefined && known.until > Date.now()) return known.rows;
  const rows = findRows(session, KINDS[name].path, KINDS[name].rows);
  cache.set(key, { rows, until: Date.now() + CACHED_MS });
  rows.catch(() => cache.delete(key));
  return rows;
};

/**
 * Id of the object with a name, in any letter case. Raises `NotFound` with the setting and the names that exist, and
 * `AnswerMalformed` if several have the name. Repeatable.
 */
export const idOf = async (session: Session, name: LookUpKind, wanted: string, setting: string): Promise<number> => {
  const rows = await listKind(session, name);
  const found = rows.filter((row) => isSame(row.name, wanted));
  const [one, another] = found;
  const { what } = KINDS[name];
  if (another !== undefined) {
    throw new RelayError(
      'AnswerMalformed',
      `${session.connection}: several ${what}s have the name that ${setting} contains. Rename one of them in the vault.`,
    );
  }
  if (one !== undefined) return one.id;
  const known = rows.slice(0, MAX_SHOWN).map((row) => JSON.stringify(row.name));
  throw new RelayError(
    'NotFound',
    `${session.connection}: there is no ${what} ${JSON.stringify(wanted)}, which ${setting} names, or the user may not see it. It sees ${known.length === 0 ? 'none' : `${known.join(', ')}${rows.length > MAX_SHOWN ? ', …' : ''}`}.`,
  );
};
