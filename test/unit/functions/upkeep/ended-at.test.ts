import { describe, expect, it, vi } from 'vitest';
import { createEndedAt } from '#functions/upkeep/reap/ended-at.ts';
import type { Workflow } from '#shared/workflows/run.ts';

const machine = (found: { endedAt: number | undefined } | undefined) => ({
  find: vi.fn(async () => found && { input: '{}', ...found }),
});
const CHECKOUT = { workflow: 'checkout', run: 'tickets.1' } as const;

describe('the end of a run', () => {
  it.each([
    ['is the end that the machine of its workflow reports', { endedAt: 7 }, 7],
    ['is undefined while that machine reports it as running', { endedAt: undefined }, undefined],
    ['is long ago if the execution is no longer known', undefined, 0],
  ])('%s', async (_what, found, expected) => {
    expect(await createEndedAt(() => machine(found))(CHECKOUT)).toBe(expected);
  });

  it('comes only from the machine of its workflow, because a rule of another workflow can have the same name', async () => {
    const running = machine({ endedAt: undefined });
    const others = { provision: running, rotate: running, export: running, directory: running };
    const machines = { ...others, sync: running, checkout: machine({ endedAt: 7 }) };
    expect(await createEndedAt((workflow: Workflow) => machines[workflow])(CHECKOUT)).toBe(7);
    expect(machines.sync.find).not.toHaveBeenCalled();
    expect(machines.checkout.find).toHaveBeenCalledExactlyOnceWith('tickets.1');
  });

  it('is long ago if the stack no longer has the machine', async () => {
    expect(await createEndedAt(() => undefined)(CHECKOUT)).toBe(0);
  });

  it('is an error if the machine does not answer', async () => {
    const silent = { find: () => Promise.reject(new Error('no answer')) };
    await expect(createEndedAt(() => silent)(CHECKOUT)).rejects.toThrow('no answer');
  });
});
