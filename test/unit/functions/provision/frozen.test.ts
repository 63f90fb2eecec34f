import { expect, it } from 'vitest';
import { BLUEPRINT, createProvisionWorld, type ProvisionWorld } from '#test/support/provision-world.ts';

const DAY_MS = 86_400_000;
const inputs = { host: 'web01', note: 'first' };

const settle = async (world: ProvisionWorld): Promise<void> => {
  for (let round = 0; round < 6; round++) {
    world.advance(2 * DAY_MS);
    await world.sweep();
    await world.drain();
  }
};

/** A provisioning whose execution is stopped while its function is frozen before a call. A later order arrives. */
const frozenAt = async (at: number, action: 'provision' | 'deprovision') => {
  const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } });
  await world.send('i-1', { position: 1, action: 'provision', inputs });
  let isReached = false;
  world.interruptAt(at, async () => {
    isReached = true;
    for (const execution of world.executions.values()) {
      Object.assign(execution, { status: 'stopped', endedAt: world.now() });
    }
    await world.send('i-1', { position: 2, action, ...(action === 'provision' && { inputs }) });
    await world.drain();
    await world.sweep();
    await world.drain();
  });
  await world.drain();
  await settle(world);
  return { world, isReached };
};

it.each([
  ['provision', 'provisioned', ['host', 'account', 'rule', 'grant']],
  ['deprovision', 'absent', []],
] as const)(
  'a function that was frozen before any call leaves the state of a later order to %s',
  async (action, state, kinds) => {
    for (let at = 0; ; at++) {
      const { world, isReached } = await frozenAt(at, action);
      if (!isReached) {
        expect(at).toBeGreaterThan(20);
        return;
      }
      expect([at, (await world.subject('i-1'))?.state]).toEqual([at, state]);
      expect([at, [...world.remote.objects.values()].map(({ type }) => type)]).toEqual([at, kinds]);
      expect([at, world.remote.violations]).toEqual([at, []]);
    }
  },
);
