import { describe, expect, it } from 'vitest';
import { startCheckoutWorld } from '#test/support/checkout-world.ts';

describe('a checkout', () => {
  it('opens an account for its window, delivers, and takes everything back when it is over', async () => {
    const world = await startCheckoutWorld();
    const [account] = world.plain(1);
    if (account === undefined) throw new Error('no account');
    const before = account.credential;
    const execution = world.checkOut('CHG1', [account]);

    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(world.vault.openRequests()).toMatchObject([
      { status: 'active', reason: expect.stringContaining('Replace a disk [local.') },
    ]);
    expect(Object.values(world.delivered('CHG1'))).toEqual([before]);

    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.delivered('CHG1')).toEqual({});
    expect(world.vault.openSessions()).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
  });
});
