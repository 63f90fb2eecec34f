import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Orphan } from '#shared/domain/plan/batch.ts';
import { decideOrphans, type OrphanRule } from '#shared/domain/plan/orphans.ts';

const orphans = fc
  .uniqueArray(fc.string(), { maxLength: 10 })
  .map((names) => names.map((name): Orphan => ({ store: 'aws', name })));
const budgeted = (budget: number): OrphanRule => ({ policy: 'delete', budget, recoveryDays: 30 });
const TWO: readonly Orphan[] = [
  { store: 'aws', name: 'one' },
  { store: 'other', name: 'two' },
];

describe('secrets whose item is gone', () => {
  it('are retired, each in its store, as many as the budget allows', () => {
    expect(decideOrphans(TWO, true, budgeted(2))).toEqual({ found: 2, retiring: 2, orphans: TWO });
  });

  it('are all kept when there are more than the budget allows, with what to look at', () => {
    expect(decideOrphans(TWO, true, budgeted(1))).toEqual({
      found: 2,
      retiring: 0,
      orphans: [],
      note: expect.stringContaining('2 secrets have lost their account, and the budget is 1'),
    });
  });

  it('are all kept after an incomplete list, however few', () => {
    expect(decideOrphans(TWO, false, budgeted(1000))).toMatchObject({
      retiring: 0,
      orphans: [],
      note: expect.stringContaining('did not list all'),
    });
  });

  it('are kept, and no news, unless the policy says otherwise', () => {
    expect(decideOrphans(TWO, false, { policy: 'keep' })).toEqual({ found: 2, retiring: 0, orphans: [] });
  });

  it('are no news when there are none', () => {
    expect(decideOrphans([], false, budgeted(0))).toEqual({ found: 0, retiring: 0, orphans: [] });
  });

  it('are never retired in part', () => {
    fc.assert(
      fc.property(orphans, fc.boolean(), fc.nat(10), (found, complete, budget) => {
        const { retiring, orphans: retired } = decideOrphans(found, complete, budgeted(budget));
        expect([0, found.length]).toContain(retired.length);
        expect(retiring).toBe(retired.length);
        expect(retired.length).toBeLessThanOrEqual(complete ? budget : 0);
      }),
    );
  });
});
