import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Figure, isBroken, isReached, median } from '../../../bench/figure.ts';

const figure = (value: number, target: Figure['target'], kind: Figure['kind'] = 'count'): Figure => ({
  name: 'calls',
  value,
  unit: 'calls',
  target,
  kind,
});

describe('a figure', () => {
  it('is reached at its target, and on the right side of it', () => {
    expect([2, 3, 4].map((value) => isReached(figure(value, { atMost: 3 })))).toEqual([true, true, false]);
    expect([2, 3, 4].map((value) => isReached(figure(value, { atLeast: 3 })))).toEqual([false, true, true]);
  });

  it('without a number is not reached', () => {
    expect(isReached(figure(Number.NaN, { atMost: 3 }))).toBe(false);
    expect(isReached(figure(Number.NaN, { atLeast: 3 }))).toBe(false);
  });

  it('is broken if it misses a target that does not depend on the machine', () => {
    expect(isBroken(figure(4, { atMost: 3 }, 'count'))).toBe(true);
    expect(isBroken(figure(Number.NaN, { atMost: 3 }, 'count'))).toBe(true);
    expect(isBroken(figure(3, { atMost: 3 }, 'count'))).toBe(false);
    expect(isBroken(figure(4, { atMost: 3 }, 'measure'))).toBe(false);
  });
});

describe('the median', () => {
  it('is the middle value, or the mean of the two middle values', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([10, 9, 1, 2])).toBe(5.5);
  });

  it('has as many values below as above it, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('does not exist for an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});
