import { describe, expect, it } from 'vitest';
import { callsOfRotation, EFFECTS, fail } from '#test/support/rotation-faults.ts';

describe('a fault in any call of a rotation to the vault', () => {
  it.each(Object.entries(EFFECTS))('(%s) changes nothing twice, and loses nothing', async (name, effect) => {
    const calls = await callsOfRotation();
    for (const nth of calls) expect(await fail(nth, effect), `at call ${nth}`).toEqual([]);
    process.stdout.write(`${calls.length} calls: ${name}\n`);
  });
});
