import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Orphan } from '#shared/domain/plan/batch.ts';
import { type Absences, changesOf, decideOrphans, type OrphanRule } from '#shared/domain/plan/orphans.ts';

const orphans = fc
  .uniqueArray(fc.string(), { maxLength: 10 })
  .map((names) => names.map((name): Orphan => ({ store: 'aws', name })));
const budgeted = (budget: number): OrphanRule => ({ policy: 'delete', budget, recoveryDays: 30 });
const TWO: readonly Orphan[] = [
  { store: 'aws', name: 'one' },
  { store: 'other', name: 'two' },
];
/** Absences in a run that misses these for the second time. */
const missedAgain = (found: readonly Orphan[], more: Partial<Absences> = {}): Absences => ({
  orphans: found,
  absentBefore: new Set(found.map(({ name }) => name)),
  ...more,
});

describe('secrets whose item is gone', () => {
  it('are retired by the second run that misses them, each in its store, within the budget', () => {
    expect(decideOrphans(missedAgain(TWO), budgeted(2))).toEqual({ found: 2, retiring: 2, orphans: TWO });
  });

  it('are kept without a note by the first run that misses them', () => {
    const first = missedAgain(TWO, { absentBefore: new Set(['one', 'another']) });
    expect(decideOrphans(first, budgeted(2))).toEqual({ found: 2, retiring: 1, orphans: TWO.slice(0, 1) });
    expect(decideOrphans({ ...first, absentBefore: new Set() }, budgeted(2))).toEqual({
      found: 2,
      retiring: 0,
      orphans: [],
    });
  });

  it('are all kept if there are more than the budget allows, with a note', () => {
    expect(decideOrphans(missedAgain(TWO), budgeted(1))).toEqual({
      found: 2,
      retiring: 0,
      orphans: [],
      note: expect.stringContaining('2 secrets have lost their account, and the budget is 1'),
    });
  });

  it('are reported by the first run that misses more than the budget allows', () => {
    expect(decideOrphans(missedAgain(TWO, { absentBefore: new Set() }), budgeted(1))).toMatchObject({
      retiring: 0,
      note: expect.stringContaining('the budget is 1'),
    });
  });

  it('are retired run by run if each run misses no more than the budget allows', () => {
    const [one] = TWO;
    expect(decideOrphans(missedAgain(TWO, { absentBefore: new Set(['one']) }), budgeted(1))).toEqual({
      found: 2,
      retiring: 1,
      orphans: [one],
    });
  });

  it('are all kept after an incomplete list, even if there are only a few', () => {
    const doubt = 'the vault did not list all of its accounts.';
    expect(decideOrphans(missedAgain(TWO, { doubt }), budgeted(1000))).toMatchObject({
      retiring: 0,
      orphans: [],
      note: `Nothing was deleted: ${doubt}`,
    });
  });

  it('are kept without a note unless the policy says otherwise', () => {
    const keep = { policy: 'keep' } as const;
    expect(decideOrphans(missedAgain(TWO, { doubt: 'why' }), keep)).toEqual({ found: 2, retiring: 0, orphans: [] });
  });

  it('cause no note if there are none', () => {
    expect(decideOrphans(missedAgain([], { doubt: 'why' }), budgeted(0))).toEqual({
      found: 0,
      retiring: 0,
      orphans: [],
    });
  });

  it('are never retired beyond the budget, after one absence, or after a list that proves nothing', () => {
    const absences = fc
      .record({ found: orphans, missed: fc.func(fc.boolean()), doubt: fc.option(fc.string(), { nil: undefined }) })
      .map(({ found, missed, doubt }): Absences => {
        const names = found.map(({ name }) => name).filter(missed);
        return { orphans: found, absentBefore: new Set(names), doubt };
      });
    fc.assert(
      fc.property(absences, fc.nat(10), (given, budget) => {
        const { retiring, orphans: retired } = decideOrphans(given, budgeted(budget));
        expect(retiring).toBe(retired.length);
        expect(retired.length).toBeLessThanOrEqual(given.doubt === undefined ? budget : 0);
        expect(retired.every(({ name }) => given.absentBefore.has(name))).toBe(true);
      }),
    );
  });
});

describe('the memory of absences', () => {
  const never = () => false;

  it('contains the absences of a run that saw everything', () => {
    expect(changesOf(missedAgain(TWO), never)).toEqual({ absent: ['one', 'two'], present: [] });
  });

  it('loses, after any other run, only secrets whose items were seen again', () => {
    const absences = missedAgain(TWO, { doubt: 'why' });
    expect(changesOf(absences, (name) => name === 'one')).toEqual({ present: ['one'] });
  });

  it('stays empty beyond the largest possible budget', () => {
    const numbered = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ store: 'aws', name: `${index}` }));
    expect(changesOf(missedAgain(numbered(1000)), never).absent).toHaveLength(1000);
    expect(changesOf(missedAgain(numbered(1001)), never).absent).toEqual([]);
  });
});
