import type { Actor } from '#shared/directory/actor.ts';
import { carryOut } from '#shared/directory/carry-out.ts';
import { RelayError } from '#shared/errors.ts';
import { Died, directoryWorld, RULE } from '#test/support/directory-world.ts';
import { aGroup, aMember, fakeDirectory } from '#test/support/fake-directory.ts';

const email = (id: string): string => `${id}@example.com`;
const SENDER = 'AROA1234567890PEOPLE';
const SETTINGS = {
  connection: 'people',
  schedule: { expression: 'rate(1 hour)' },
  removals: { maxPerDay: 5, maxPercent: 100, graceDays: 7 },
  messages: { senders: [SENDER] },
};
const member = (id: string, ...groups: string[]) => ({ email: email(id), groups });
const access = (collection: string) => ({ collection, readOnly: true, hidePasswords: false, manage: false });

/** Before: everybody is there. */
const BEFORE = {
  ...SETTINGS,
  members: [
    ...[member('ann'), member('bob', 'Staff'), member('cid', 'Staff'), member('dee', 'Staff'), member('fay')],
    member('kim', 'Staff'),
  ],
  groups: [{ name: 'Staff', collections: [access('c1')] }, { name: 'Old' }],
};
/** A week before the run: dee has left, and the group Old. */
const EARLIER = {
  ...BEFORE,
  members: BEFORE.members.filter((one) => one.email !== email('dee')),
  groups: BEFORE.groups.slice(0, 1),
};
/** In the run: cid leaves, eve and gus join, bob changes, and a group is new. */
const NOW = {
  ...SETTINGS,
  members: [
    member('ann'),
    { ...member('bob', 'Engineers'), type: 'admin', collections: [access('c2')] },
    member('eve', 'Staff', 'Engineers'),
    member('fay', 'Staff'),
    member('gus'),
    member('kim', 'Staff'),
  ],
  groups: [
    { name: 'Staff', collections: [access('c1'), access('c2')] },
    { name: 'Engineers', collections: [access('c2')] },
  ],
};

export type Strike = (use: number, when: 'before' | 'after') => void | Promise<void>;

/** A directory on the day of the run. `arm` begins to count the calls and the uses of records. */
export const campaignWorld = async (revokes: boolean) => {
  const state: { strike: Strike | undefined; uses: number } = { strike: undefined, uses: 0 };
  const around = (_call: string, when: 'before' | 'after'): void | Promise<void> => {
    if (when === 'before') state.uses++;
    return state.strike?.(state.uses, when);
  };
  const remote = fakeDirectory(
    {
      members: ['ann', 'bob', 'cid', 'dee', 'fay', 'guest', 'kim'].map((id) =>
        aMember(id, { type: id === 'ann' ? 'owner' : 'user' }),
      ),
      groups: [aGroup('staff', { name: 'Staff' }), aGroup('old', { name: 'Old' })],
      memberships: { dee: ['old'] },
      collections: ['c1', 'c2'],
    },
    { revokes },
  );
  const world = directoryWorld({ remote, settings: BEFORE, onRecord: around });
  remote.switches.onCall = around;
  await world.run('before');
  world.scene.settings = EARLIER;
  await world.run('earlier');
  world.pass(7);
  world.scene.settings = NOW;
  remote.calls.length = 0;
  return {
    ...world,
    arm(strike?: Strike): void {
      state.uses = 0;
      state.strike = strike;
    },
    uses: (): number => state.uses,
  };
};

export type CampaignWorld = Awaited<ReturnType<typeof campaignWorld>>;

/** Content of the directory, without ids that depend on the order of invitations. */
export const shown = ({ remote: { people } }: Pick<CampaignWorld, 'remote'>) => {
  const nameOf = (id: string): string => people.groups.get(id)?.name ?? id;
  return {
    members: [...people.members.values()]
      .map(({ id, email: address, type, status, access: rights }) => ({
        ...{ address, type, status },
        access: rights.map(({ collection }) => collection).toSorted(),
        groups: [...(people.memberships.get(id) ?? [])].map(nameOf).toSorted(),
      }))
      .toSorted((one, other) => one.address.localeCompare(other.address)),
    groups: [...people.groups.values()]
      .map(({ name, access: rights }) => ({ name, access: rights.map(({ collection }) => collection).toSorted() }))
      .toSorted((one, other) => one.name.localeCompare(other.name)),
  };
};

/** Throws if someone was removed twice, or who must not be. */
export const checkPromises = ({ remote }: Pick<CampaignWorld, 'remote'>): void => {
  if (remote.removed.length > 1) throw new Error(`Removed: ${remote.removed.join(', ')}.`);
  for (const id of ['ann', 'bob', 'cid', 'fay', 'guest', 'kim']) {
    if (!remote.people.members.has(id)) throw new Error(`${id} was removed.`);
  }
  const addresses = [...remote.people.members.values()].map((one) => one.email);
  if (new Set(addresses).size !== addresses.length) throw new Error('A person was invited twice.');
  const guest = remote.people.members.get('guest');
  if (guest?.status !== 'confirmed') throw new Error('A member that is not ours was changed.');
};

/** Accepts that the process dies or a call fails. */
const accepting = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof Died || thrown instanceof RelayError)) throw thrown;
  }
};

export const tryRun = (world: CampaignWorld, name: string): Promise<void> => accepting(() => world.run(name));

/** Freezes a run before one use, and returns what wakes it up and waits for its end. */
export const freezeAt = async (world: CampaignWorld, at: number): Promise<() => Promise<void>> => {
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
  return async () => {
    woken.resolve();
    await run;
  };
};

/** Beside a run that is frozen, messages arrive that fay left, hal joined and kim moved. Their run can be struck. */
export const heedBeside = async (
  world: CampaignWorld,
  { frozenAt, strike }: { readonly frozenAt: number; readonly strike?: Strike },
): Promise<{ readonly wake: () => Promise<void>; readonly uses: number }> => {
  const wake = await freezeAt(world, frozenAt);
  const about = (id: string) => ({ directory: RULE, email: email(id), position: 1 });
  await world.send({ type: 'member.left', ...about('fay') }, SENDER);
  await world.send({ type: 'member.joined', ...about('hal'), groups: ['Staff'] }, SENDER);
  await world.send({ type: 'member.moved', ...about('kim'), groups: [] }, SENDER);
  world.arm(strike);
  await accepting(() => world.heed('messages'));
  const uses = world.uses();
  world.arm();
  return { wake, uses };
};

/** Two later runs without faults, after the holds of dead processes. */
export const finish = async (world: CampaignWorld): Promise<void> => {
  world.arm();
  for (const name of ['next', 'last']) {
    world.scene.now += 1_200_000;
    await world.run(name);
  }
};

/** Carries out a message that a member has left, with the same steps as a run. */
export const leaveByMessage = async (world: CampaignWorld, id: string): Promise<void> => {
  const { remote, shared, runs, scene } = world;
  const actor: Actor = {
    ...{ session: remote.session, records: shared, journal: runs, rule: RULE, by: 'message-1', graceDays: 7 },
    groupNamed: async () => undefined,
    now: () => scene.now,
  };
  await carryOut(actor, {
    ...{ kind: 'heed', email: email(id) },
    word: { said: 'left', at: new Date(scene.now).toISOString() },
  });
  await carryOut(actor, { kind: 'revoke', id, email: email(id), by: 'message' });
};
