import { describe, expect, it } from 'vitest';
import { rotateFleet } from '#test/support/rotation-fleets.ts';
import { MISBEHAVIOURS, misbehave } from '#test/support/rotation-misbehaviours.ts';

describe('a vault that', () => {
  it.each(Object.entries(MISBEHAVIOURS))('%s during a rotation leads to its named outcome', async (_, misbehaviour) => {
    expect(await misbehave(misbehaviour)).toEqual([]);
  });
});

describe('a rotation of 1,000 accounts', () => {
  it('3 % of which fail stops at its threshold of 2 %, and delivers what has rotated', async () => {
    expect(await rotateFleet(1000)).toEqual([]);
  });
});
