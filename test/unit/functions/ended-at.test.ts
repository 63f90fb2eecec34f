import { describe, expect, it } from 'vitest';
import { createEndedAt } from '#functions/reap/ended-at.ts';

const machine = (found: { endedAt: number | undefined } | undefined) => ({
  find: async () => found && { input: '{}', ...found },
});

describe('when a run ended', () => {
  it.each([
    ['the machine that knows it says so', [undefined, { endedAt: 7 }], 7],
    ['it is the latest that any machine says', [{ endedAt: 9 }, { endedAt: 7 }], 9],
    ['it goes on as long as one has it going on', [{ endedAt: 9 }, { endedAt: undefined }], undefined],
    ['it was long ago when nobody knows it any more', [undefined, undefined], 0],
  ])('%s', async (_what, founds, expected) => {
    expect(await createEndedAt(founds.map(machine))('tickets.1')).toBe(expected);
  });

  it('is unknown, and thus raised, when a machine can not say', async () => {
    const silent = { find: () => Promise.reject(new Error('no answer')) };
    await expect(createEndedAt([machine(undefined), silent])('tickets.1')).rejects.toThrow('no answer');
  });
});
