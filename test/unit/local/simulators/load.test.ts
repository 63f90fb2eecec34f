import { describe, expect, it } from 'vitest';
import { createLoadMeter } from '#local/simulators/load.ts';

describe('the load on a simulator', () => {
  it('is the largest number of calls at the same time, and within any second', () => {
    let nowMs = 0;
    const { begin, load } = createLoadMeter(() => nowMs);
    const at = (ms: number): (() => void) => {
      nowMs = ms;
      return begin();
    };
    const first = at(0);
    const second = at(600);
    first();
    first();
    const third = at(999);
    second();
    third();
    at(1000)();
    at(1700)();
    expect(load()).toEqual({ calls: 5, maxInFlight: 2, maxPerSecond: 3 });
  });
});
