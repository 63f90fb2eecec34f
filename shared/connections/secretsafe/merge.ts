import type { GroupChange, MemberChange } from '#shared/connections/directory.ts';
import {
  accessKey,
  accessOf,
  associationsFor,
  CUSTOM,
  type GroupRow,
  type MemberRow,
  numberOf,
  textOr,
} from '#shared/connections/secretsafe/wire.ts';

/**
 * Bodies of writes, which replace whole objects: what a change does not name is sent as it was read, also what the
 * relay does not know. Pure.
 */

type Body = Readonly<Record<string, unknown>>;

/** Fields that a server shows and no write takes. The rest of a row belongs to its settings. */
const SHOWN_OF_MEMBER: ReadonlySet<string> = new Set([
  'object',
  'id',
  'userId',
  'name',
  'email',
  'status',
  'twoFactorEnabled',
  'resetPasswordEnrolled',
  'ssoExternalId',
  'permissions',
]);
const SHOWN_OF_GROUP: ReadonlySet<string> = new Set(['object', 'id']);

const without = (row: Body, shown: ReadonlySet<string>): Body =>
  Object.fromEntries(Object.entries(row).filter(([field]) => !shown.has(field)));

const externalIdIn = (row: MemberRow | GroupRow, change: MemberChange | GroupChange): string | null =>
  change.externalId === undefined ? (row.externalId ?? null) : change.externalId;

/** Older servers require it. Others drop it. */
const accessAllIn = (row: MemberRow | GroupRow, change: MemberChange | GroupChange): boolean =>
  change.hasAllAccess ?? row.accessAll ?? false;

/** Body of the write that changes a member. Omitted collections would all be removed, and omitted groups stay. */
export const mergedMember = (row: MemberRow, change: MemberChange): Body => {
  const type = numberOf(change.type ?? row.type);
  const collections = row.collections ?? [];
  return {
    ...without(row, SHOWN_OF_MEMBER),
    type,
    externalId: externalIdIn(row, change),
    collections: change.access === undefined ? collections : associationsFor(change.access, collections),
    accessAll: accessAllIn(row, change),
    // Only the type custom may have them.
    ...(type === CUSTOM && row.permissions && { permissions: row.permissions }),
  };
};

/** Body of the write that changes a group. Omitted collections stay. */
export const mergedGroup = (row: GroupRow, change: GroupChange): Body => {
  const { collections, ...kept } = without(row, SHOWN_OF_GROUP);
  return {
    ...kept,
    name: change.name ?? row.name,
    externalId: externalIdIn(row, change),
    accessAll: accessAllIn(row, change),
    ...(change.access !== undefined && { collections: associationsFor(change.access, row.collections ?? []) }),
    ...(change.access === undefined && row.collections && { collections }),
  };
};

const keysOf = (row: MemberRow | GroupRow): string =>
  JSON.stringify((row.collections ?? []).map(accessOf).map(accessKey).toSorted());

const accessAfter = (before: MemberRow | GroupRow, { access }: MemberChange | GroupChange): string =>
  access === undefined ? keysOf(before) : JSON.stringify(access.map(accessKey).toSorted());

const commonDifferences = (
  before: MemberRow | GroupRow,
  change: MemberChange | GroupChange,
  after: MemberRow | GroupRow,
): string[] => [
  ...(textOr(externalIdIn(before, change)) === textOr(after.externalId) ? [] : ['externalId']),
  ...(accessAfter(before, change) === keysOf(after) ? [] : ['access to collections']),
  ...(accessAllIn(before, change) === (after.accessAll ?? false) ? [] : ['access to everything']),
];

/** Settings of a member that differ from what a change should have left. */
export const memberDifferences = (before: MemberRow, change: MemberChange, after: MemberRow): readonly string[] => [
  ...((change.type ?? before.type) === after.type ? [] : ['type']),
  ...commonDifferences(before, change, after),
];

/** Settings of a group that differ from what a change should have left. */
export const groupDifferences = (before: GroupRow, change: GroupChange, after: GroupRow): readonly string[] => [
  ...((change.name ?? before.name) === after.name ? [] : ['name']),
  ...commonDifferences(before, change, after),
];
