import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import {
  type CampaignWorld,
  campaignWorld,
  checkPromises,
  finish,
  freezeAt,
  heedBeside,
  leaveByMessage,
  shown,
  tryRun,
} from '#test/support/directory-campaign.ts';
import { Died, RULE } from '#test/support/directory-world.ts';

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

/** Distance of the moments of a run that one death of another process meets. Odd: deaths are before and after. */
const STRIDE = 23;

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
      const wake = await freezeAt(world, at);
      world.scene.now += 900_000;
      await leaveByMessage(world, 'fay');
      await wake();
      await finish(world);
      checkPromises(world);
      expect(shown(world).members.find(({ address }) => address === 'fay@example.com')).toMatchObject(
        revokes ? { status: 'revoked' } : { groups: [], access: [] },
      );
    }
  });

  it('carries out messages after a death at any call, beside a run that was frozen and wakes up afterwards', async () => {
    const { uses: all } = await undisturbed(revokes);
    const end = async (world: CampaignWorld, wake: () => Promise<void>, isRepeated: boolean) => {
      // Step Functions repeats the step, or the sweep continues after the run has woken up.
      if (isRepeated) await world.heed('messages');
      await wake();
      await world.heed('sweep');
      await finish(world);
      checkPromises(world);
      const budget = await world.shared.read(directoryAt.budget(RULE));
      // A run can have put it into groups before, which it keeps and cannot use.
      const members = shown(world).members.map((one) => (one.status === 'revoked' ? { ...one, groups: [] } : one));
      return { ...shown(world), members, begun: budget?.record.begun, left: await world.heed('last') };
    };
    const calm = await campaignWorld(revokes);
    const { wake: wakeUp, uses } = await heedBeside(calm, { frozenAt: 1 });
    const expected = await end(calm, wakeUp, true);
    const found = new Map(expected.members.map((one) => [one.address.split('@')[0], one]));
    expect(found.get('fay')).toMatchObject(revokes ? { status: 'revoked' } : { groups: [], access: [] });
    expect([found.get('hal')?.groups, found.get('kim')?.groups]).toEqual([['Staff'], []]);
    expect(Object.keys(expected.begun ?? {}).toSorted()).toEqual(['cid', 'fay']);
    expect(expected.left).toBeUndefined();
    for (let at = 1; at <= uses; at++) {
      // Each death meets other moments of the run.
      for (let frozenAt = 1 + (at % STRIDE); frozenAt <= all; frozenAt += STRIDE) {
        const after = (at + frozenAt) % 2 === 0;
        const world = await campaignWorld(revokes);
        const { wake } = await heedBeside(world, { frozenAt, strike: strikeAt(at, after, () => new Died()) });
        const isRepeated = frozenAt % 2 === 0;
        expect(await end(world, wake, isRepeated), `at ${at}, ${after}, frozen at ${frozenAt}`).toEqual(expected);
      }
    }
  });
});
