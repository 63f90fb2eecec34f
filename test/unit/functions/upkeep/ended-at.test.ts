import { describe, expect, it, vi } from 'vitest';
import { createEndedAt } from '#functions/upkeep/reap/ended-at.ts';
import type { Workflow } from '#shared/workflows/run.ts';

const machine = (found: { endedAt: number | undefined } | undefined) => ({
  find: vi.fn(async () => found && { input: '{}', ...found }),
});
const CHECKOUT = { workflow: 'checkout', run: 'tickets.1' } as const;

describe('when a run ended', () => {
  it.each([
    ['the machine of its workflow says so', { endedAt: 7 }, 7],
    ['it goes on as long as that has it going on', { endedAt: undefined }, undefined],
    ['it was long ago when nobody knows it any more', undefined, 0],
  ])('%s', async (_what, found, expected) => {
    expect(await createEndedAt(() => machine(found))(CHECKOUT)).toBe(expected);
  });

  it('no other machine is asked, since a rule of another workflow may have the same name', async () => {
    const machines = { sync: machine({ endedAt: undefined }), checkout: machine({ endedAt: 7 }) };
    expect(await createEndedAt((workflow: Workflow) => machines[workflow])(CHECKOUT)).toBe(7);
    expect(machines.sync.find).not.toHaveBeenCalled();
    expect(machines.checkout.find).toHaveBeenCalledExactlyOnceWith('tickets.1');
  });

  it('was long ago when the stack has its machine no longer', async () => {
    expect(await createEndedAt(() => undefined)(CHECKOUT)).toBe(0);
  });

  it('is unknown, and thus raised, when the machine can not say', async () => {
    const silent = { find: () => Promise.reject(new Error('no answer')) };
    await expect(createEndedAt(() => silent)(CHECKOUT)).rejects.toThrow('no answer');
  });
});
