import { describe, expect, it } from 'vitest';
import { createClock } from '#local/aws/clock.ts';

describe('the clock', () => {
  it('runs with the machine until it is moved', () => {
    const before = Date.now();
    const now = createClock().now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('moves forward by what it is told', () => {
    const clock = createClock();
    clock.advance(3_600_000);
    clock.advance(1);
    expect(clock.now() - Date.now()).toBeGreaterThan(3_599_000);
  });

  it.each([-1, 0.5, Number.NaN])('refuses to move by %s', (milliseconds) => {
    expect(() => createClock().advance(milliseconds)).toThrow(RangeError);
  });
});
