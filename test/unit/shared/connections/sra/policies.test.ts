import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicyOf } from '#shared/connections/sra/policies.ts';
import type { GroupRow, PolicyRow } from '#shared/connections/sra/schema.ts';

const policy = (id: number, code_name: string, auto_rotate_credentials = false): PolicyRow => ({
  id,
  name: `policy ${id}`,
  code_name,
  auto_rotate_credentials,
});
const groupsOf = (...groups: readonly GroupRow[]) => new Map(groups.map((group) => [group.id, group]));
const NO_POLICY = { account_policy: undefined, account_group_id: 1 };
const DEFAULT_GROUP: GroupRow = { id: 1, name: 'Default', account_policy: undefined };
const UNKNOWN = { name: '', autoRotates: 'unknown' };

describe('the policy of an account', () => {
  it.each([
    ['has the default code name', [policy(1, 'strict'), policy(2, 'Default', true)], 2],
    ['has no code name', [policy(1, 'strict'), policy(7, '', true)], 7],
    ['is the oldest, if none or several have such a code name', [policy(5, 'b'), policy(3, 'a')], 3],
    ['is the oldest of several', [policy(5, ''), policy(3, 'default'), policy(4, 'x')], 3],
  ])('without one, in a group without one, is the default one: it %s', (_why, policies, id) => {
    expect(createPolicyOf(groupsOf(DEFAULT_GROUP), policies)(NO_POLICY).name).toBe(`policy ${id}`);
  });

  it('is unknown if no policy is listed', () => {
    expect(createPolicyOf(groupsOf(DEFAULT_GROUP), [])(NO_POLICY)).toEqual(UNKNOWN);
  });

  const code = fc.constantFrom('default', 'a', 'b', 'c', 'missing');
  const optional = fc.option(code, { nil: undefined });
  const world = fc.record({
    own: optional,
    groupId: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    groups: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 3 }), account_policy: optional }), {
      selector: ({ id }) => id,
    }),
    rotates: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  });

  it('is its own, else that of its group, else the default one; what is not listed is unknown', () => {
    fc.assert(
      fc.property(world, ({ own, groupId, groups, rotates }) => {
        const policies = ['default', 'a', 'b', 'c'].map((name, index) => policy(index + 1, name, rotates[index]));
        const known = groups.map((group) => ({ ...group, name: `group ${group.id}` }));
        const found = createPolicyOf(
          groupsOf(...known),
          policies,
        )({
          account_policy: own?.toUpperCase(),
          account_group_id: groupId,
        });
        const group = known.find(({ id }) => id === groupId);
        const isLost = own === undefined && groupId !== undefined && group === undefined;
        const effective = isLost ? 'missing' : (own ?? group?.account_policy ?? 'default');
        const expected = policies.find(({ code_name }) => code_name === effective);
        expect(found).toEqual(
          expected === undefined ? UNKNOWN : { name: expected.name, autoRotates: expected.auto_rotate_credentials },
        );
      }),
    );
  });
});
