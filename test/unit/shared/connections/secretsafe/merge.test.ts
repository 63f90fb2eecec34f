import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollectionAccess, GroupChange, MemberChange } from '#shared/connections/directory.ts';
import {
  groupDifferences,
  memberDifferences,
  mergedGroup,
  mergedMember,
} from '#shared/connections/secretsafe/merge.ts';
import { accessOf, groupRow, memberRow } from '#shared/connections/secretsafe/wire.ts';

/** A row as a server shows it, and a server that replaces: reference sra-and-secretsafe-api.md, B2. */
type Row = Readonly<Record<string, unknown>>;
type Era = 'today' | 'older';

const ID = 'aaaaaaaa-0000-4000-8000-00000000000';
const idOf = (number: number): string => `${ID}${number}`;

const rights = (era: Era) =>
  era === 'older'
    ? fc.record({ readOnly: fc.boolean() })
    : fc.record({ readOnly: fc.boolean(), hidePasswords: fc.boolean(), manage: fc.constant(false) });
const associations = (era: Era) =>
  fc
    .uniqueArray(fc.nat(5), { maxLength: 4 })
    .chain((numbers) =>
      fc.tuple(...numbers.map((number) => rights(era).map((right) => ({ id: idOf(number), ...right })))),
    );

const external = fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: null });
const permissions = fc.record({ manageUsers: fc.boolean(), newest: fc.boolean() });

const memberOf = (era: Era): fc.Arbitrary<Row> =>
  fc
    .record({
      type: fc.constantFrom(0, 1, 2, era === 'older' ? 3 : 4),
      status: fc.constantFrom(-1, 0, 1, 2, 3),
      externalId: external,
      collections: fc.option(associations(era), { nil: null }),
      permissions,
      accessAll: fc.boolean(),
      futureSetting: fc.string({ maxLength: 3 }),
    })
    .map(({ permissions: given, accessAll, ...row }) => ({
      object: 'member',
      id: idOf(9),
      userId: null,
      name: 'A Person',
      email: 'person@example.com',
      twoFactorEnabled: true,
      ...row,
      ...(era === 'older' ? { accessAll } : { permissions: row.type === 4 ? given : null }),
    }));

const groupOf = (era: Era): fc.Arbitrary<Row> =>
  fc
    .record({
      name: fc.string({ maxLength: 5 }),
      externalId: external,
      collections: associations(era),
      accessAll: fc.boolean(),
      futureSetting: fc.string({ maxLength: 3 }),
    })
    .map(({ accessAll, ...row }) => ({
      object: 'group',
      id: idOf(8),
      ...row,
      ...(era === 'older' && { accessAll }),
    }));

/** Loses what is omitted, except the permissions of a custom member. */
const replaceMember = (before: Row, body: Row): Row => ({
  ...before,
  type: body['type'],
  externalId: body['externalId'] ?? null,
  collections: body['collections'] ?? [],
  futureSetting: body['futureSetting'],
  ...(Object.hasOwn(before, 'accessAll') && { accessAll: body['accessAll'] }),
  ...(Object.hasOwn(before, 'permissions') && {
    permissions: body['type'] === 4 ? (body['permissions'] ?? before['permissions']) : null,
  }),
});

/** Omitted collections stay. */
const replaceGroup = (before: Row, body: Row): Row => ({
  ...before,
  name: body['name'],
  externalId: body['externalId'] ?? null,
  collections: body['collections'] ?? before['collections'],
  futureSetting: body['futureSetting'],
  ...(Object.hasOwn(before, 'accessAll') && { accessAll: body['accessAll'] }),
});

const access = (era: Era): fc.Arbitrary<readonly CollectionAccess[]> =>
  associations(era).map((rows) => rows.map((row) => accessOf({ manage: false, hidePasswords: false, ...row })));
const commonChange = (era: Era) => ({
  externalId: external,
  access: access(era),
  ...(era === 'older' && { hasAllAccess: fc.constant(false as const) }),
});
const memberChange = (era: Era): fc.Arbitrary<MemberChange> =>
  fc.record({ type: fc.constantFrom('admin' as const, 'user' as const), ...commonChange(era) }, { requiredKeys: [] });
const groupChange = (era: Era): fc.Arbitrary<GroupChange> =>
  fc.record({ name: fc.string({ maxLength: 5 }), ...commonChange(era) }, { requiredKeys: [] });

/** The row with a change by hand, without any call. */
const expected = (before: Row, change: MemberChange & GroupChange): Row => ({
  ...before,
  collections: before['collections'] ?? [],
  ...(change.type !== undefined && { type: change.type === 'admin' ? 1 : 2 }),
  ...(change.type !== undefined && Object.hasOwn(before, 'permissions') && { permissions: null }),
  ...(change.name !== undefined && { name: change.name }),
  ...(change.externalId !== undefined && { externalId: change.externalId }),
  ...(change.hasAllAccess !== undefined && { accessAll: change.hasAllAccess }),
  ...(change.access !== undefined && { collections: change.access.map(({ collection }) => collection) }),
});

const ERAS: readonly Era[] = ['today', 'older'];
const idsIn = (row: Row): unknown => JSON.parse(JSON.stringify(row['collections'])).map(({ id }: { id: string }) => id);

describe.each(ERAS)('a write that replaces a whole object, on the server of the era %s,', (era) => {
  it('changes what a change of a member names, and nothing else', () => {
    fc.assert(
      fc.property(memberOf(era), memberChange(era), (before, change) => {
        const row = memberRow.parse(before);
        const after = replaceMember(before, mergedMember(row, change));
        const wanted = expected(before, change);
        expect(change.access === undefined ? after : { ...after, collections: idsIn(after) }).toEqual(wanted);
        expect(memberDifferences(row, change, memberRow.parse(after))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('changes what a change of a group names, and nothing else', () => {
    fc.assert(
      fc.property(groupOf(era), groupChange(era), (before, change) => {
        const row = groupRow.parse(before);
        const after = replaceGroup(before, mergedGroup(row, change));
        const wanted = expected(before, change);
        expect(change.access === undefined ? after : { ...after, collections: idsIn(after) }).toEqual(wanted);
        expect(groupDifferences(row, change, groupRow.parse(after))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a change that the server did not take', () => {
  const member = (fields: Row) =>
    memberRow.parse({ id: idOf(1), email: 'person@example.com', type: 2, status: 2, collections: [], ...fields });
  const access = [{ collection: idOf(2), readOnly: true, hidePasswords: true, manage: false }];

  it.each<[string, MemberChange, Row]>([
    ['type', { type: 'admin' }, {}],
    ['externalId', { externalId: 'ours' }, { externalId: 'of another' }],
    ['access to collections', { access }, { collections: [{ id: idOf(2), readOnly: true }] }],
    ['access to everything', { hasAllAccess: false }, { accessAll: true }],
    ['externalId', {}, { externalId: 'of another' }],
  ])('is noticed by its %s', (what, change, after) => {
    expect(memberDifferences(member({}), change, member(after))).toEqual([what]);
  });
});

describe('a body', () => {
  const ROW = {
    id: idOf(1),
    email: 'person@example.com',
    name: 'A Person',
    type: 4,
    status: 2,
    permissions: { manageUsers: true },
    collections: [{ id: idOf(2), readOnly: true, hidePasswords: false, manage: false, later: 1 }],
  };

  it('contains nothing that identifies the person', () => {
    expect(JSON.stringify(mergedMember(memberRow.parse(ROW), {}))).not.toMatch(/person/i);
  });

  it('sends an access that stays as it was read, also what the relay does not know of it', () => {
    const kept = { collection: idOf(2), readOnly: true, hidePasswords: false, manage: false };
    expect(mergedMember(memberRow.parse(ROW), { access: [kept] })).toMatchObject({ collections: [{ later: 1 }] });
  });

  it('sends permissions only with the type that has them', () => {
    const row = memberRow.parse(ROW);
    expect(mergedMember(row, {})).toMatchObject({ type: 4, permissions: { manageUsers: true } });
    expect(mergedMember(row, { type: 'user' })).not.toHaveProperty('permissions');
  });
});
