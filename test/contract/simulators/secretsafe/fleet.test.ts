import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { rows, startServer } from './site.ts';

const LARGE = { members: 10_000, groups: 500, collections: 200, seed: 1 };

describe('a fleet', () => {
  it('is the same for the same seed, and has every status, type and edge case', () => {
    const fleet = createFleet({ members: 40, groups: 12, collections: 5, seed: 4 });
    expect(fleet).toEqual(createFleet({ members: 40, groups: 12, collections: 5, seed: 4 }));
    expect(createFleet({ members: 1, groups: 0, collections: 0, seed: 5 }).members[0]?.id).not.toBe(
      fleet.members[0]?.id,
    );
    const values = (of: (member: (typeof fleet.members)[number]) => unknown) => [...new Set(fleet.members.map(of))];
    expect(values(({ status }) => status).toSorted()).toEqual([-1, 0, 1, 2, 3]);
    expect(values(({ type }) => type).toSorted()).toEqual([0, 1, 2, 4]);
    expect(fleet.members.filter(({ type }) => type === 0)).toMatchObject([{ status: 2 }]);
    expect(fleet.collections.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('of ten thousand people is listed whole', async () => {
    const { get } = await startServer({ fleet: createFleet(LARGE) });
    expect(rows(await get('/members'))).toHaveLength(10_000);
    expect(rows(await get('/groups'))).toHaveLength(500);
    expect(rows(await get('/collections'))).toHaveLength(199);
  });
});
