import { describe, expect, it } from 'vitest';
import { estimateRotation } from '#shared/domain/rotation/estimate.ts';
import { planWaves } from '#shared/domain/rotation/waves.ts';
import { aRotatable, idsOf, planned, settingsOf, someRotatables } from '#test/support/rotations.ts';
import { checkPlans } from '#test/support/wave-property.ts';

checkPlans(100);

describe('the plan of a rotation', () => {
  it('has no wave if there is nothing to rotate', () => {
    expect(planned([], settingsOf()).waves).toEqual([]);
  });

  it('always begins with a canary, of items that no other needs', () => {
    const items = [aRotatable('functional'), ...someRotatables(3, () => ({ after: ['functional'] })), aRotatable('z')];
    expect(idsOf(planned(items, settingsOf({ canary: 0 })))).toEqual([['z'], ['functional'], ['a0', 'a1', 'a2']]);
  });

  it('has units of few accounts in its canary', () => {
    const pair = ['a', 'b'].map((id) => aRotatable(id, { system: 'db', unit: 'pair' }));
    expect(idsOf(planned([...pair, aRotatable('c')], settingsOf()))).toEqual([['c'], ['a', 'b']]);
  });

  it('divides the items evenly over its waves', () => {
    const sizes = idsOf(planned(someRotatables(102), settingsOf({ canary: 1, size: 50 }))).map(({ length }) => length);
    expect(sizes).toEqual([1, 34, 34, 33]);
  });

  it('has the accounts of one system one after the other, unless the rule allows more', () => {
    const items = someRotatables(4, () => ({ system: 'db' }));
    expect(idsOf(planned(items, settingsOf()))).toEqual([['a0'], ['a1'], ['a2'], ['a3']]);
    expect(idsOf(planned(items, settingsOf({ perSystem: 3 })))).toEqual([['a0'], ['a1', 'a2', 'a3']]);
  });

  it('takes systems with many accounts first, so that they do not need waves of their own', () => {
    const items = someRotatables(9, (index) => (index > 3 ? { system: 'db' } : {}));
    const waves = [['a4'], ['a0', 'a5'], ['a1', 'a6'], ['a2', 'a7'], ['a3', 'a8']];
    expect(idsOf(planned(items, settingsOf({ size: 2 })))).toEqual(waves);
  });

  it('takes from all large systems in turn', () => {
    const items = ['a', 'b', 'c'].flatMap((system) => [0, 1, 2, 3].map((n) => aRotatable(`${system}${n}`, { system })));
    expect(planned(items, settingsOf({ size: 2 })).waves).toHaveLength(1 + 6);
  });

  it('takes a chain that is long first', () => {
    const chain = someRotatables(4, (index) => (index === 3 ? {} : { after: [`a${index + 1}`] }));
    const items = [...chain, ...['b', 'c', 'd', 'e'].map((id) => aRotatable(id))];
    const waves = [['b'], ['a3', 'c'], ['a2', 'd'], ['a1', 'e'], ['a0']];
    expect(idsOf(planned(items, settingsOf({ size: 2 })))).toEqual(waves);
  });

  it('never splits a pair, even on one system', () => {
    const items = [
      aRotatable('b', { system: 'db', unit: 'pair' }),
      aRotatable('a', { system: 'db', unit: 'pair', after: ['b'] }),
      aRotatable('c', { system: 'db' }),
    ];
    expect(idsOf(planned(items, settingsOf()))).toEqual([['c'], ['b', 'a']]);
  });

  it('ignores needs outside the plan, because they do not change', () => {
    expect(idsOf(planned([aRotatable('a', { after: ['elsewhere'] })], settingsOf()))).toEqual([['a']]);
  });

  it('is refused with the items of a cycle, in its order', () => {
    const items = [
      aRotatable('a', { after: ['c'] }),
      aRotatable('b', { after: ['a'] }),
      aRotatable('c', { after: ['b'] }),
    ];
    expect(planWaves(items, settingsOf())).toEqual({
      kind: 'refused',
      reason: 'cycle',
      ids: ['a', 'c', 'b'],
      message:
        'Each of these items has to change after another of them: db/a, db/c, db/b. Exclude one of them from the rotation, and rotate it on its own.',
    });
  });

  it('is refused if two units need each other', () => {
    const items = [
      aRotatable('a', { unit: 'u', after: ['c'] }),
      aRotatable('b', { unit: 'u' }),
      aRotatable('c', { after: ['b'] }),
    ];
    expect(planWaves(items, settingsOf())).toMatchObject({ reason: 'cycle', ids: ['a', 'b', 'c'] });
  });

  it('is refused if an id occurs twice', () => {
    const items = [aRotatable('a'), aRotatable('b'), aRotatable('a', { title: 'other' })];
    expect(planWaves(items, settingsOf())).toMatchObject({ reason: 'duplicate', ids: ['a'] });
  });
});

describe('the estimate of a rotation', () => {
  it('is over three hours for 1,000 accounts at the pace of the vendor', () => {
    const settings = settingsOf({ canary: 10, size: 500, concurrency: 50, pauseMinutes: 10 });
    expect(estimateRotation(planned(someRotatables(1000), settings).waves, settings)).toEqual({
      seconds: 200 * 60 + 2 * 600,
      changeSeconds: 200 * 60,
      pauseSeconds: 2 * 600,
    });
  });

  it.each([
    ['a low concurrency', { concurrency: 1 }, undefined, 11 * 60],
    ['the batch of the vault', { concurrency: 10 }, { batch: 2, intervalSeconds: 30 }, 6 * 30],
    ['nothing but the number of waves', { concurrency: 10 }, { batch: 100, intervalSeconds: 60 }, 2 * 60],
  ])('is determined by %s', (_what, more, pace, changeSeconds) => {
    const settings = settingsOf(more);
    expect(estimateRotation(planned(someRotatables(11), settings).waves, settings, pace)).toMatchObject({
      changeSeconds,
    });
  });

  it('counts the items of a unit one after the other', () => {
    const settings = settingsOf({ concurrency: 5 });
    const items = someRotatables(4, () => ({ unit: 'set' }));
    expect(estimateRotation(planned(items, settings).waves, settings)).toMatchObject({ seconds: 4 * 60 });
  });

  it('is nothing for nothing', () => {
    expect(estimateRotation([], settingsOf())).toEqual({ seconds: 0, changeSeconds: 0, pauseSeconds: 0 });
  });
});
