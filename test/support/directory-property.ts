import fc from 'fast-check';
import type { MemberStatus, MemberType } from '#shared/connections/directory.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import { RelayError } from '#shared/errors.ts';
import { Died, directoryWorld } from '#test/support/directory-world.ts';
import { aGroup, aMember, fakeDirectory } from '#test/support/fake-directory.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const GROUPS = ['Engineers', 'Staff', 'Visitors'];
const COLLECTIONS = ['c1', 'c2'];

const email = (id: string): string => `${id}@example.com`;

const access = fc
  .subarray(COLLECTIONS)
  .chain((names) =>
    fc.tuple(...names.map((collection) => fc.record({ collection: fc.constant(collection), readOnly: fc.boolean() }))),
  );
const declared = fc.record({
  members: fc.subarray(IDS).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record(
          {
            email: fc.constant(email(id)),
            type: fc.constantFrom('owner', 'admin', 'user'),
            groups: fc.subarray(GROUPS),
            collections: access,
          },
          { requiredKeys: ['email'] },
        ),
      ),
    ),
  ),
  groups: fc
    .subarray(GROUPS)
    .chain((names) =>
      fc.tuple(
        ...names.map((name) => fc.record({ name: fc.constant(name), collections: access }, { requiredKeys: ['name'] })),
      ),
    ),
});

const people = fc.record({
  types: fc.array(fc.constantFrom<MemberType>('owner', 'admin', 'user', 'custom'), { minLength: 8, maxLength: 8 }),
  statuses: fc.array(fc.constantFrom<MemberStatus>('revoked', 'invited', 'accepted', 'confirmed'), {
    minLength: 8,
    maxLength: 8,
  }),
  there: fc.subarray(IDS),
  groups: fc.subarray(GROUPS),
  memberships: fc.array(fc.subarray(GROUPS), { minLength: 8, maxLength: 8 }),
  foreign: fc.subarray(IDS, { maxLength: 1 }),
});

/** A disturbance before a run, or in it. */
const fault = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'none' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('dies' as const), at: fc.nat(60), after: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fails' as const), at: fc.nat(30), after: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('incomplete' as const), id: fc.constantFrom(...IDS) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'empty' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'unreadable' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'bad-row' } as const) },
);

export const histories = fc.record({
  people,
  revokes: fc.boolean(),
  /** An older server that shows only by a failing call that it cannot revoke. */
  isSilent: fc.boolean(),
  runs: fc.array(fc.record({ declared, fault, days: fc.constantFrom(0, 1, 7), isRepeated: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  last: declared,
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

const SETTINGS = {
  connection: 'people',
  schedule: { expression: 'rate(1 hour)' },
  source: { bucket: 'acme-people', key: 'members.json' },
  removals: { maxPerDay: 4, maxPercent: 50, graceDays: 7 },
};

const remoteOf = ({ people: { types, statuses, there, groups, memberships, foreign }, revokes, isSilent }: History) =>
  fakeDirectory(
    {
      members: there.map((id) => {
        const at = IDS.indexOf(id);
        return aMember(id, {
          ...{ type: types[at] ?? 'user', status: statuses[at] ?? 'confirmed' },
          externalId: foreign.includes(id) ? `entra-${id}` : undefined,
        });
      }),
      groups: groups.map((name) => aGroup(name)),
      memberships: Object.fromEntries(
        there.map((id) => [id, (memberships[IDS.indexOf(id)] ?? []).filter((name) => groups.includes(name))]),
      ),
      collections: COLLECTIONS,
    },
    { revokes: revokes || isSilent, lacksRevoke: !revokes },
  );

const textOf = (state: {
  readonly members: readonly { readonly email: string; readonly groups?: readonly string[] }[];
  readonly groups: readonly { readonly name: string }[];
}): string => {
  const names = new Set(state.groups.map(({ name }) => name));
  const members = state.members.map((member) => ({
    ...member,
    groups: (member.groups ?? []).filter((one) => names.has(one)),
  }));
  return JSON.stringify({ members, groups: state.groups });
};

/** Adds a row that cannot be used. */
const badRow = (text: string): string => text.replace('"members":[', '"members":[{"email":7},').replace(',]', ']');

/**
 * Plays a history of runs with faults, and then runs without any until nothing changes. Throws if a member is removed
 * that should not be, or twice, or if it does not end.
 */
export const playDirectory = async (history: History): Promise<void> => {
  const remote = remoteOf(history);
  let uses = 0;
  let broken: { readonly at: number; readonly after: boolean; readonly error: () => Error } | undefined;
  let isDead = false;
  const strike = (_call: string, when: 'before' | 'after'): void => {
    if (isDead) throw new Died();
    if (when === 'before') uses++;
    if (broken === undefined || uses !== broken.at + 1 || (when === 'after') !== broken.after) return;
    const error = broken.error();
    isDead = error instanceof Died;
    throw error;
  };
  const world = directoryWorld({ remote, settings: SETTINGS, onRecord: strike });
  Object.assign(remote.switches, { onCall: strike });
  /** Addresses that the latest readable and complete source declared. */
  let wanted: ReadonlySet<string> | undefined;
  const wasOwned = new Set<string>();
  const wasRevoked = new Set(
    [...remote.people.members.values()].flatMap((one) => (one.status === 'revoked' ? [one.id] : [])),
  );
  const outSince = new Map<string, number>();
  const removed = new Set<string>();
  let calls = 0;
  const look = (mayRemove: boolean): void => {
    const news = remote.calls.slice(calls);
    calls = remote.calls.length;
    for (const call of news) {
      const [name = '', id = ''] = call.split(' ');
      if (name === 'revoke') outSince.set(id, world.scene.now);
      if (name === 'revoke' && !mayRemove) throw new Error(`${id} was revoked after an incomplete list or source.`);
      if (name === 'restore' && wasRevoked.has(id)) throw new Error(`${id} was restored, and another hand revoked it.`);
      if (name !== 'removeMember') continue;
      if (!mayRemove) throw new Error(`${id} was removed after an error, an incomplete list or an empty source.`);
      if (removed.has(id)) throw new Error(`${id} was removed twice.`);
      if (!wasOwned.has(id)) throw new Error(`${id} was removed, and is not ours.`);
      const since = outSince.get(id);
      if (history.revokes && since !== undefined && world.scene.now < since + 7 * DAY_MS) {
        throw new Error(`${id} was removed before the time of grace was over.`);
      }
      if (!remote.people.members.has(id)) removed.add(id);
    }
    const owners = [...remote.people.members.values()].filter(
      ({ type, status }) => type === 'owner' && status === 'confirmed',
    );
    if (hadOwner && owners.length === 0) throw new Error('The last confirmed owner is gone.');
  };
  const hadOwner = [...remote.people.members.values()].some(
    ({ type, status }) => type === 'owner' && status === 'confirmed',
  );
  const own = (): void => {
    for (const { id, email: address } of remote.people.members.values()) if (wanted?.has(address)) wasOwned.add(id);
  };
  const play = async (name: string): Promise<void> => {
    uses = 0;
    isDead = false;
    try {
      await world.run(name);
    } catch (thrown) {
      if (!(thrown instanceof Died || thrown instanceof RelayError)) throw thrown;
    }
    isDead = false;
    broken = undefined;
  };
  for (const [index, run] of history.runs.entries()) {
    const text = run.fault.kind === 'bad-row' ? badRow(textOf(run.declared)) : textOf(run.declared);
    const { fault: what } = run;
    const isWhole =
      what.kind !== 'empty' && what.kind !== 'unreadable' && what.kind !== 'bad-row' && run.declared.members.length > 0;
    world.scene.source =
      what.kind === 'empty'
        ? textOf({ ...run.declared, members: [] })
        : what.kind === 'unreadable'
          ? text.slice(0, -2)
          : text;
    const isRead = isWhole || (what.kind === 'bad-row' && run.declared.members.length > 0);
    if (isRead) wanted = new Set(run.declared.members.map((member) => member.email));
    remote.switches.rejected.clear();
    if (what.kind === 'incomplete') remote.switches.rejected.add(what.id);
    const unavailable = () => new RelayError('VaultUnavailable', 'unavailable', { mayHaveHappened: true });
    if (what.kind === 'dies') broken = { ...what, error: () => new Died() };
    if (what.kind === 'fails') broken = { ...what, error: unavailable };
    if (isRead) own();
    await play(`run-${index}`);
    // The state machine repeats a step that failed.
    if (run.isRepeated) await play(`run-${index}`);
    const isHidden = what.kind === 'incomplete' && remote.people.members.has(what.id);
    look(isWhole && !isHidden);
    if (isRead) own();
    world.pass(run.days);
    world.scene.now += 1_200_000;
  }
  await settle(history, world, {
    play,
    look,
    own,
    want: (emails) => {
      wanted = emails;
    },
  });
};

interface Settling {
  readonly play: (name: string) => Promise<void>;
  readonly look: (mayRemove: boolean) => void;
  readonly own: () => void;
  readonly want: (emails: ReadonlySet<string>) => void;
}

/** Without faults, one day after the other, the directory becomes as declared, and stays so. */
const settle = async (
  { last }: History,
  world: ReturnType<typeof directoryWorld<ReturnType<typeof fakeDirectory>>>,
  { play, look, own, want }: Settling,
): Promise<void> => {
  const { remote } = world;
  world.scene.source = textOf(last);
  remote.switches.rejected.clear();
  if (last.members.length > 0) want(new Set(last.members.map((member) => member.email)));
  for (let day = 0; day < 12; day++) {
    own();
    await play(`last-${day}`);
    look(last.members.length > 0);
    own();
    world.pass(3);
  }
  const changes = () => remote.calls.filter((call) => call.includes(' ')).length;
  const before = changes();
  await play('again');
  if (changes() !== before) throw new Error(`A run after the last one changed: ${remote.calls.slice(-4).join(', ')}`);
  for (const { email: address } of last.members) {
    const found = [...remote.people.members.values()].filter((member) => member.email === address);
    if (found.length !== 1) throw new Error(`${address} is there ${found.length} times.`);
  }
};
