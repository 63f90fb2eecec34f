import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import {
  type CampaignWorld,
  campaignWorld,
  checkPromises,
  finish,
  leaveByMessage,
  shown,
  tryRun,
} from '#test/support/directory-campaign.ts';
import { Died } from '#test/support/directory-world.ts';

const ERAS = [
  { era: "today's server", revokes: true },
  { era: 'the older server', revokes: false },
];

const undisturbed = async (revokes: boolean) => {
  const world = await campaignWorld(revokes);
  world.arm();
  await world.run('run');
  const uses = world.uses();
  await finish(world);
  checkPromises(world);
  return { uses, expected: shown(world) };
};

const FAULTS = [
  ['VaultUnavailable', false],
  ['AnswerTimedOut', true],
  ['PermissionMissing', false],
] as const;

/** Dies or fails at one use, once. */
const strikeAt = (at: number, after: boolean, error: () => Error) => {
  let isDead = false;
  return (use: number, when: 'before' | 'after'): void => {
    if (isDead) throw new Died();
    if (use !== at || (when === 'after') !== after) return;
    const thrown = error();
    isDead = thrown instanceof Died;
    throw thrown;
  };
};

const ends = async (world: CampaignWorld, expected: ReturnType<typeof shown>): Promise<void> => {
  checkPromises(world);
  await finish(world);
  checkPromises(world);
  expect(shown(world)).toEqual(expected);
};

describe.each(ERAS)('a run over a directory on $era', ({ revokes }) => {
  it('finishes after a death at any call, in the same run or in the next one', async () => {
    const { uses, expected } = await undisturbed(revokes);
    for (let at = 1; at <= uses; at++) {
      for (const after of [false, true]) {
        for (const isRepeated of [false, true]) {
          const world = await campaignWorld(revokes);
          world.arm(strikeAt(at, after, () => new Died()));
          await tryRun(world, 'run');
          checkPromises(world);
          world.arm();
          // Step Functions repeats the step.
          if (isRepeated) await world.run('run');
          await ends(world, expected);
        }
      }
    }
  });

  it('finishes after a fault at any call', async () => {
    const { uses, expected } = await undisturbed(revokes);
    for (let at = 1; at <= uses; at++) {
      for (const [name, after] of FAULTS) {
        const world = await campaignWorld(revokes);
        world.arm(strikeAt(at, after, () => new RelayError(name, 'a fault', { mayHaveHappened: after })));
        await tryRun(world, 'run');
        await ends(world, expected);
      }
    }
  });

  it('changes nothing that a message has changed while it was frozen', async () => {
    const { uses } = await undisturbed(revokes);
    for (let at = 1; at <= uses; at++) {
      const world = await campaignWorld(revokes);
      const frozen = Promise.withResolvers<void>();
      const woken = Promise.withResolvers<void>();
      world.arm((use, when) => {
        if (use !== at || when !== 'before') return undefined;
        frozen.resolve();
        return woken.promise;
      });
      const run = tryRun(world, 'run');
      await Promise.race([frozen.promise, run]);
      world.arm();
      world.scene.now += 900_000;
      await leaveByMessage(world, 'fay');
      woken.resolve();
      await run;
      await finish(world);
      checkPromises(world);
      expect(shown(world).members.find(({ address }) => address === 'fay@example.com')).toMatchObject(
        revokes ? { status: 'revoked' } : { groups: [], access: [] },
      );
    }
  });
});
