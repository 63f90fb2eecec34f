import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { startServer } from './site.ts';

const fleet = createFleet({ members: 3, groups: 3, collections: 4, seed: 1 });
const groupIds = fleet.groups.map(({ id }) => id);
const collectionIds = fleet.collections.filter(({ isDefault }) => !isDefault).map(({ id }) => id);
const memberId = fleet.members[2]?.id ?? '';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const externalId = optional(fc.string({ maxLength: 20 }));
const associations = optional(
  fc
    .uniqueArray(fc.constantFrom(...collectionIds))
    .map((ids) => ids.map((id) => ({ id, readOnly: true, hidePasswords: false, manage: false }))),
);
const permissions = optional(fc.record({ manageUsers: fc.boolean(), manageGroups: fc.boolean() }));

const memberPut = fc
  .record({
    type: fc.constantFrom(1, 2, 4),
    externalId,
    collections: associations,
    groups: optional(fc.uniqueArray(fc.constantFrom(...groupIds))),
    permissions,
  })
  .map(({ permissions, ...put }) => (put.type === 4 ? { ...put, permissions } : put));

describe('a full replacement', () => {
  it('of a member keeps only groups and permissions that it omits', async () => {
    const { call, get } = await startServer({ fleet });
    let groups = new Set(fleet.members[2]?.groupIds);
    let held: Partial<Record<string, boolean>> | null = null;
    await fc.assert(
      fc.asyncProperty(memberPut, async (put) => {
        const answer = await call('PUT', `/members/${memberId}`, put);
        if (put.groups !== undefined) groups = new Set(put.groups);
        const given = 'permissions' in put ? put.permissions : undefined;
        held = put.type === 4 ? { manageUsers: false, manageGroups: false, ...(given ?? held) } : null;
        const expected = {
          type: put.type,
          externalId: put.externalId ?? null,
          email: fleet.members[2]?.email,
          permissions: held === null ? null : expect.objectContaining(held),
        };
        expect(answer).toMatchObject({ status: 200, json: { ...expected, collections: put.collections ?? null } });
        expect((await get(`/members/${memberId}`)).json).toMatchObject({
          ...expected,
          collections: put.collections ?? [],
        });
        expect((await get(`/members/${memberId}/group-ids`)).json).toEqual([...groups]);
      }),
      { numRuns: 30 },
    );
  });

  it('of a group keeps only collections that it omits', async () => {
    const { call, get } = await startServer({ fleet });
    const path = `/groups/${groupIds[0]}`;
    let collections: unknown = JSON.parse((await get(path)).text).collections;
    const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '');
    await fc.assert(
      fc.asyncProperty(fc.record({ name, externalId, collections: associations }), async (put) => {
        const answer = await call('PUT', path, put);
        collections = put.collections ?? collections;
        const expected = { name: put.name, externalId: put.externalId ?? null };
        expect(answer).toMatchObject({ status: 200, json: { ...expected, collections: put.collections ?? null } });
        expect((await get(path)).json).toMatchObject({ ...expected, collections });
      }),
      { numRuns: 30 },
    );
  });
});
