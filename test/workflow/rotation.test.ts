import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMES, startWorld, type World } from '#local/world.ts';

const USERS = [];

describe('a rotation', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 5,
      seed: 7,
      waitScale: 0,
      configure: (config) =>
        config.setIn(['rotations', 'weekly'], {
          connection: NAMES.connection,
          schedule: { expression: 'rate(7 days)' },
          canary: 1,
          size: 10,
          pauseMinutes: 10,
        }),
    });
    await world.runSync();
    world.clock.advance(3_600_000);
  });
  afterAll(() => world.close());

  it('changes all accounts, a canary first, and the sync delivers them', async () => {
    const started = await world.aws.scheduler.fire('rotate.weekly', world.clock.now());
    if (started.kind !== 'execution') throw new Error('no execution');
    console.log(JSON.stringify(await world.aws.stepFunctions.settled(started.execution.arn), null, 1).slice(0, 3000));
  });
});
