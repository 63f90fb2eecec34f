import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permission } from '#shared/workflows/grants.ts';
import { planPolicies } from '#shared/workflows/role-policies.ts';

const MAX_GROWING_INLINE = 10_240 - 5000;
const MAX_MANAGED = 6144;

const text = (maxLength: number) => fc.stringMatching(new RegExp(`^[a-z]{1,${maxLength}}$`));
const permission: fc.Arbitrary<Permission> = fc
  .record({
    actions: fc.array(text(30), { minLength: 1, maxLength: 6 }),
    folder: fc.integer({ min: 1, max: 600 }),
    count: fc.integer({ min: 1, max: 120 }),
    tags: fc.option(fc.integer({ min: 1, max: 9000 }), { nil: undefined, freq: 4 }),
  })
  .map(({ actions, folder, count, tags }) => ({
    actions,
    resources: Array.from({ length: count }, (_, index) => `arn:${'f'.repeat(folder)}${index}/*`),
    ...(tags === undefined ? {} : { conditions: { StringEquals: { tag: 't'.repeat(tags) } } }),
  }));

/** Characters of a policy document, as IAM counts them. */
const sizeOf = (permissions: readonly Permission[]): number =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: permissions.map(({ actions, resources, conditions }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources,
      Condition: conditions,
    })),
  }).length;

/** One line for each action on each resource. */
const linesOf = (permissions: readonly Permission[]): string[] =>
  permissions
    .flatMap(({ actions, resources, ...rest }) =>
      resources.flatMap((resource) => actions.map((action) => JSON.stringify([action, resource, rest]))),
    )
    .toSorted();

describe('the policies of a role', () => {
  it('hold exactly its permissions, and fit into the sizes of IAM if they are accepted', () => {
    fc.assert(
      fc.property(fc.array(permission, { maxLength: 5 }), (permissions) => {
        const { inline, managed, areAccepted } = planPolicies(permissions);
        expect(linesOf([...inline, ...managed.flat()])).toEqual(linesOf(permissions));
        const fits =
          sizeOf(inline) <= MAX_GROWING_INLINE &&
          managed.length <= 10 &&
          managed.every((policy) => sizeOf(policy) <= MAX_MANAGED);
        expect(areAccepted).toBe(fits);
      }),
      { numRuns: 40 },
    );
  });

  it('are one inline policy if the permissions fit into it', () => {
    const few = [{ actions: ['a:Read'], resources: ['one', 'two'] }];
    expect(planPolicies(few)).toEqual({ inline: few, managed: [], areAccepted: true });
  });

  it('are measured by the length that a text has after the deployment', () => {
    const many = [{ actions: ['a:Read'], resources: Array.from({ length: 40 }, (_, index) => `TOKEN${index}`) }];
    expect(planPolicies(many).managed).toHaveLength(0);
    expect(planPolicies(many, (written) => written.replaceAll('TOKEN', ' '.repeat(160)).length).managed).toHaveLength(
      1,
    );
  });
});
