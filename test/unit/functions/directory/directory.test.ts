import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { directoryWorld, RULE } from '#test/support/directory-world.ts';
import { aGroup, aMember, type FakeDirectoryOptions, fakeDirectory } from '#test/support/fake-directory.ts';

const email = (id: string): string => `${id}@example.com`;
const SCHEDULE = { schedule: { expression: 'rate(1 hour)' } };
const declare = (ids: readonly string[], more: Record<string, unknown> = {}) => ({
  connection: 'people',
  ...SCHEDULE,
  members: ids.map((id) => ({ email: email(id) })),
  ...more,
});
const READ = { collection: 'vaults', readOnly: true, hidePasswords: false, manage: false };
const TEAM = ['ann', 'bob', 'cid', 'dee'];
const team = (options: FakeDirectoryOptions = {}) =>
  fakeDirectory(
    {
      members: TEAM.map((id) => aMember(id, { type: id === 'ann' ? 'owner' : 'user' })),
      groups: [aGroup('staff')],
      memberships: { dee: ['staff'] },
      collections: ['vaults'],
    },
    options,
  );
const changesOf = ({ calls }: { readonly calls: readonly string[] }): string[] =>
  calls.filter((call) => call.includes(' '));

describe('a run over a directory', () => {
  it('invites who is missing, adopts who is there, and finds nothing to do afterwards', async () => {
    const world = directoryWorld({ remote: team(), settings: declare([...TEAM, 'eve']) });
    expect(await world.run('1')).toMatchObject({ status: 'SUCCEEDED', drift: 1 });
    expect([...world.remote.people.members.values()].map((member) => [member.email, member.status])).toContainEqual([
      'eve@example.com',
      'invited',
    ]);
    world.remote.calls.length = 0;
    expect(await world.run('2')).toEqual({ status: 'SUCCEEDED', drift: 0, done: 0, failed: 0 });
    expect(changesOf(world.remote)).toEqual([]);
    expect(world.remote.calls).toEqual(['members', 'groups', 'collections', 'freeSeats']);
    expect(world.measured.at(-1)).toMatchObject({ invited: 0, compared: { drift: 0, waiting: 1 } });
    expect(await world.shared.list(directoryAt.people(RULE))).toEqual([]);
  });

  it('never replaces an id that another program has set since the plan', async () => {
    const remote = team({
      onCall(call, when) {
        const dee = remote.people.members.get('dee');
        if (call !== 'groups' || when !== 'after' || dee === undefined) return;
        remote.people.members.set('dee', { ...dee, externalId: 'azure-1' });
      },
    });
    const world = directoryWorld({ remote, settings: declare(TEAM) });
    await world.run('1');
    const idOf = (id: string) => remote.people.members.get(id)?.externalId;
    expect([idOf('dee'), idOf('cid')]).toEqual(['azure-1', expect.stringMatching(/^pam-relay\//)]);
  });

  it('marks a large organization in parts, after what matters more', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `p${index}`);
    const world = directoryWorld({
      remote: fakeDirectory({ members: ids.map((id) => aMember(id)) }),
      settings: declare(['new', ...ids]),
    });
    const marked = () => [...world.remote.people.members.values()].filter(({ externalId }) => externalId !== undefined);
    await world.run('1');
    expect(marked()).toHaveLength(1 + 100);
    expect(changesOf(world.remote)[0]).toBe('invite new@example.com');
    const report = await world.runs.read(directoryAt.report({ rule: RULE, run: `${RULE}.1` }));
    expect(report?.findings).toEqual([
      expect.stringMatching(/^50 adopted members and groups are marked by later runs/),
    ]);
    await world.run('2');
    expect(marked()).toHaveLength(151);
    expect(await world.run('3')).toMatchObject({ done: 0 });
  });

  it('revokes a leaver at once, and removes it once after the time of grace', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['ann', 'bob', 'cid']);
    await world.run('2');
    expect(world.remote.people.members.get('dee')).toMatchObject({ status: 'revoked' });
    world.pass(13);
    await world.run('3');
    expect(world.remote.people.members.has('dee')).toBe(true);
    world.pass(1);
    await world.run('4');
    await world.run('5');
    expect(world.remote.people.members.has('dee')).toBe(false);
    expect(world.remote.calls.filter((call) => call === 'removeMember dee')).toHaveLength(1);
    expect(await world.shared.list(directoryAt.people(RULE))).toEqual([]);
  });

  it('revokes again whom a person restored by hand, names it, counts it, and lets the time of grace begin again', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    const { remote, scene, run, plan, finish, pass, shared, runs } = world;
    await run('1');
    scene.settings = declare(['ann', 'bob', 'cid']);
    await run('2');
    pass(15);
    await remote.session.restore('dee');
    remote.switches.onCall = (call, when) => {
      if (call === 'revoke dee' && when === 'after')
        throw new RelayError('AnswerTimedOut', 'late', { mayHaveHappened: true });
    };
    await run('3');
    delete remote.switches.onCall;
    await run('4');
    expect(remote.people.members.get('dee')?.status).toBe('revoked');
    const report = await runs.read(directoryAt.report({ rule: RULE, run: `${RULE}.3` }));
    expect(report?.findings).toEqual([expect.stringMatching(/^dee@.* let in again by hand.*declare it, or take/)]);
    expect((await shared.read(directoryAt.budget(RULE)))?.record).toMatchObject({ begun: { dee: 'source' } });
    pass(13);
    await run('5');
    expect(remote.people.members.has('dee')).toBe(true);
    pass(1);
    // Also in the moment before the removal.
    const planned = await plan('6');
    await remote.session.restore('dee');
    expect(await finish('6', planned)).toMatchObject({ status: 'PARTIAL', failed: 1 });
    expect(world.notices.at(-1)).toMatch(/dee@.*restored by hand, so it is not removed. The next run revokes it again/);
    await run('7');
    expect(remote.people.members.get('dee')?.status).toBe('revoked');
    await run('8', { trigger: 'undo', members: [email('dee')] });
    await run('9');
    expect(remote.people.members.get('dee')?.status).toBe('confirmed');
  });

  it('restores no member that another hand had revoked before, whether it is declared again or taken back', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    await world.run('1');
    for (const [name, back] of [
      ['declared', () => world.run('declared')],
      ['undo', () => world.run('undo', { trigger: 'undo', members: [email('dee')] })],
    ] as const) {
      await world.remote.session.revoke('dee');
      world.scene.settings = declare(['ann', 'bob', 'cid']);
      await world.run(`${name}-left`);
      world.scene.settings = declare(TEAM);
      world.remote.calls.length = 0;
      expect(await back()).toMatchObject({ status: 'PARTIAL', failed: 1 });
      expect(world.notices.at(-1)).toMatch(/dee@.*restore.*: The member was revoked outside the relay/);
      expect(changesOf(world.remote)).toEqual([]);
      // The removal is over, and the report goes on to name the member.
      expect(await world.run(`${name}-after`)).toMatchObject({ status: 'SUCCEEDED', drift: 1, done: 0 });
      await world.remote.session.restore('dee');
    }
  });

  it('takes groups and collections away at once where no member can be revoked, and restores them', async () => {
    const access = [READ];
    const remote = team({ revokes: false });
    remote.people.members.set('dee', aMember('dee', { access }));
    const world = directoryWorld({ remote, settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['ann', 'bob', 'cid']);
    await world.run('2');
    expect(remote.people.members.get('dee')?.access).toEqual([]);
    expect(remote.people.memberships.get('dee')).toEqual(new Set());
    await world.run('3', { trigger: 'undo', members: [email('dee')] });
    expect(remote.people.members.get('dee')?.access).toEqual(access);
    expect(remote.people.memberships.get('dee')).toEqual(new Set(['staff']));
    // The person stays for as long as people need to correct the source.
    expect(await world.run('4')).toMatchObject({ status: 'SUCCEEDED', done: 0 });
    world.pass(14);
    await world.run('5');
    expect(remote.people.members.get('dee')?.access).toEqual([]);
  });

  it.each([true, false])(
    'restores a member with the type and the access that are declared by now: %s',
    async (revokes) => {
      const remote = team({ revokes });
      remote.people.members.set('dee', aMember('dee', { type: 'owner', access: [READ] }));
      const world = directoryWorld({ remote, settings: declare(TEAM) });
      await world.run('1');
      world.scene.settings = declare(['ann', 'bob', 'cid']);
      await world.run('2');
      const again = { email: email('dee'), type: 'user', collections: [] };
      world.scene.settings = declare([], { members: [...declare(['ann', 'bob', 'cid']).members, again] });
      await world.run('3');
      expect(remote.people.members.get('dee')).toMatchObject({ type: 'user', access: [], status: 'confirmed' });
      expect(await world.run('4')).toMatchObject({ done: 0, drift: 0 });
    },
  );

  it('sends no reminder to a person who has left since the plan', async () => {
    const remote = team();
    remote.people.members.set('dee', aMember('dee', { status: 'invited' }));
    const world = directoryWorld({ remote, settings: declare(TEAM, { reinvite: { afterDays: 1, maxTimes: 3 } }) });
    await world.run('1');
    world.pass(2);
    const planned = await world.plan('2');
    const place = directoryAt.person(RULE, email('dee'));
    const known = await world.shared.read(place);
    const word = { said: 'left' as const, at: new Date(world.scene.now).toISOString() };
    const person = { ...known?.record, email: email('dee'), writes: 9, word };
    await world.shared.replace(place, person, known?.version ?? 'absent');
    await world.finish('2', planned);
    expect(changesOf(remote).filter((call) => call.startsWith('reinvite'))).toEqual([]);
  });

  it('forgets an invitation only after a list that is newer, and a removal only if the member is gone', async () => {
    const remote = team();
    const world = directoryWorld({ remote, settings: declare(TEAM) });
    await world.run('1');
    const inviting = world.scene.now + 60_000;
    const place = directoryAt.person(RULE, email('fay'));
    await world.shared.replace(place, { writes: 1, email: email('fay'), inviting }, 'absent');
    remote.switches.onCall = (call, when) => {
      if (call === 'groups' && when === 'after') world.scene.now += 120_000;
    };
    await world.run('2');
    expect((await world.shared.read(place))?.record).toMatchObject({ inviting });
    await world.run('3');
    expect(await world.shared.read(place)).toBeUndefined();
    const leaving = {
      id: 'dee',
      by: 'message' as const,
      since: new Date(world.scene.now).toISOString(),
      groups: [],
      access: [],
    };
    await world.shared.replace(place, { writes: 1, email: email('fay'), leaving }, 'absent');
    await world.run('4');
    expect((await world.shared.read(place))?.record).toMatchObject({ leaving: { id: 'dee' } });
  });

  it('takes groups, collections and type away where a server shows only then that it cannot revoke', async () => {
    const access = [READ];
    const remote = team({ lacksRevoke: true });
    remote.people.members.set('dee', aMember('dee', { type: 'owner', access }));
    const world = directoryWorld({ remote, settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['ann', 'bob', 'cid']);
    await world.run('2');
    expect(remote.people.members.get('dee')).toMatchObject({ type: 'user', status: 'confirmed', access: [] });
    expect(remote.people.memberships.get('dee')).toEqual(new Set());
    // It stays out, and is not withdrawn again by each run.
    expect(await world.run('3')).toMatchObject({ status: 'SUCCEEDED', done: 0 });
    await world.run('4', { trigger: 'undo', members: [email('dee')] });
    expect(remote.people.members.get('dee')).toMatchObject({ type: 'owner', access });
    expect(remote.people.memberships.get('dee')).toEqual(new Set(['staff']));
    world.pass(15);
    await world.run('5');
    world.pass(15);
    await world.run('6');
    expect(remote.removed).toEqual(['dee']);
  });

  it.each([
    ['a group that is not declared', { groups: ['others'] }],
    ['access that the list does not show', { access: [READ] }],
    ['access to everything', { hasAllAccess: true }],
    ['its type', { type: 'admin' as const }],
  ])('does not remove a member who got %s again by hand, where no member can be revoked', async (_, given) => {
    const { groups = [], ...member } = { groups: [], ...given };
    const remote = team({ revokes: false, hidesAccess: true });
    const world = directoryWorld({ remote, settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['ann', 'bob', 'cid']);
    await world.run('2');
    remote.people.members.set('dee', aMember('dee', member));
    remote.people.memberships.set('dee', new Set(groups));
    world.pass(15);
    await world.run('3');
    await world.run('4');
    expect(remote.removed).toEqual([]);
    expect(remote.people.members.get('dee')).toMatchObject({ type: 'user', access: [], hasAllAccess: false });
    expect(remote.people.memberships.get('dee')).toEqual(new Set());
  });

  it('removes only whom it invited or adopted', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(['ann', 'bob']) });
    expect(await world.run('1')).toMatchObject({ drift: 2 });
    world.pass(30);
    await world.run('2');
    expect(world.remote.people.members.size).toBe(4);
    expect(changesOf(world.remote).filter((call) => /revoke|remove/.test(call))).toEqual([]);
  });

  it('removes no member if more would leave than may on one day, and says so', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['ann', 'bob']);
    expect(await world.run('2')).toMatchObject({ status: 'PARTIAL', done: 0 });
    expect(world.measured.at(-1)).toMatchObject({ refused: 2 });
    expect(world.notices.at(-1)).toMatch(/2 members and groups would leave, and at most 1 may on one day/);
    expect(world.remote.people.members.get('dee')?.status).toBe('confirmed');
  });

  it('removes no member after an incomplete list, an unreadable row or an empty source', async () => {
    const source = { bucket: 'acme-people', key: 'members.json' };
    const text = (ids: readonly string[], rest: unknown[] = []) =>
      JSON.stringify({ members: [...ids.map((id) => ({ email: email(id) })), ...rest] });
    const world = directoryWorld({ remote: team(), settings: { connection: 'people', ...SCHEDULE, source } });
    world.scene.source = text(TEAM);
    await world.run('1');
    const before = structuredClone(world.remote.people);
    world.scene.source = text([]);
    expect(await world.run('2')).toMatchObject({ status: 'PARTIAL' });
    world.scene.source = text(['ann', 'bob', 'cid'], [{ email: 'dee at example' }]);
    expect(await world.run('3')).toMatchObject({ status: 'PARTIAL' });
    world.scene.source = new RelayError('StoreDenied', 'denied');
    await expect(world.run('4')).rejects.toThrow('denied');
    world.scene.source = '{"members": [';
    await expect(world.run('5')).rejects.toThrow(/is not JSON/);
    world.scene.source = text(['ann', 'bob', 'cid']);
    world.remote.switches.rejected.add('bob');
    expect(await world.run('6')).toMatchObject({ status: 'PARTIAL' });
    expect(world.remote.people).toEqual(before);
  });

  it('still lets a member or group leave that a list did not show for once', async () => {
    const removals = { maxPercent: 100 };
    const groups = [{ name: 'staff' }];
    const settings = declare(TEAM, { removals, groups: [...groups, { name: 'old' }] });
    const world = directoryWorld({ remote: team(), settings });
    await world.run('1');
    const { switches, people } = world.remote;
    const old = [...people.groups.values()].find(({ name }) => name === 'old')?.id ?? '';
    // Without the marks, the records alone show whose they are.
    people.members.set('zed', aMember('zed', { externalId: 'azure-1' }));
    for (const id of TEAM) people.members.set(id, { ...aMember(id), ...people.members.get(id), externalId: undefined });
    world.scene.settings = declare(['ann', 'bob', 'cid'], { removals, groups });
    for (const hidden of ['dee', old]) {
      switches.unlisted.add(hidden);
      expect(await world.run(`without ${hidden}`)).toMatchObject({ status: 'PARTIAL' });
      expect(world.notices.at(-1)).toMatch(/are missing or cannot be read, so nothing is removed/);
      switches.unlisted.clear();
    }
    await world.run('2');
    expect(changesOf(world.remote).slice(-2).toSorted()).toEqual([`changeGroup ${old}`, 'revoke dee']);
    people.members.delete('dee');
    expect(await world.run('3')).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('says so if a leaver has the address of another member', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    await world.run('1');
    const { members } = world.remote.people;
    for (const id of ['dee', 'twin']) members.set(id, { ...aMember(id), ...members.get(id), email: 'x@example.com' });
    world.scene.settings = declare(['ann', 'bob', 'cid']);
    expect(await world.run('2')).toMatchObject({ status: 'PARTIAL' });
    expect(world.notices.at(-1)).toMatch(/Several members have the address x@example.com/);
    expect(world.measured.at(-1)).toMatchObject({ refused: 1 });
    members.delete('twin');
    expect(await world.run('3')).toMatchObject({ status: 'SUCCEEDED' });
    expect(members.get('dee')?.status).toBe('revoked');
  });

  it('reports a row that cannot be used although no member would leave', async () => {
    const source = { bucket: 'acme-people', key: 'members.json' };
    const world = directoryWorld({ remote: team(), settings: { connection: 'people', ...SCHEDULE, source } });
    const members = [...TEAM.map((id) => ({ email: email(id) })), { email: 'eve at example' }];
    world.scene.source = JSON.stringify({ members });
    expect(await world.run('1')).toMatchObject({ status: 'PARTIAL', failed: 0 });
    expect(world.measured.at(-1)).toMatchObject({ refused: 0 });
    expect(world.notices).toEqual([expect.stringMatching(/so nothing is removed\.\nmembers 5: email cannot be used/)]);
  });

  it('keeps the last confirmed owner', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    await world.run('1');
    world.scene.settings = declare(['bob', 'cid', 'dee']);
    await world.run('2');
    expect(world.remote.people.members.get('ann')).toMatchObject({ type: 'owner', status: 'confirmed' });
  });

  it('sets no mark where another connector is at work', async () => {
    const remote = team();
    remote.people.members.set('bob', aMember('bob', { externalId: 'entra-7' }));
    const world = directoryWorld({ remote, settings: declare([...TEAM, 'eve']) });
    await world.run('1');
    expect([...remote.people.members.values()].map(({ externalId }) => externalId)).toEqual([
      undefined,
      'entra-7',
      undefined,
      undefined,
      undefined,
    ]);
    world.scene.settings = declare([...TEAM.slice(0, 3), 'eve']);
    await world.run('2');
    expect(remote.people.members.get('dee')?.status).toBe('revoked');
  });

  it('creates groups before it puts members in them, and empties them before it removes them', async () => {
    const settings = declare(['ann', 'bob', 'cid'], {
      groups: [{ name: 'Engineers', collections: [{ collection: 'vaults', readOnly: true }] }],
      members: ['ann', 'bob', 'eve'].map((id) => ({ email: email(id), groups: ['Engineers'] })),
    });
    const world = directoryWorld({ remote: team(), settings });
    await world.run('1');
    const [group] = [...world.remote.people.groups.values()].filter(({ name }) => name === 'Engineers');
    const id = group?.id ?? '';
    expect(await world.remote.session.membersOf(id)).toEqual(expect.arrayContaining(['ann', 'bob']));
    expect(await world.remote.session.membersOf(id)).toHaveLength(3);
    expect(await world.run('2')).toMatchObject({ drift: expect.any(Number), done: 0 });
    world.scene.settings = {
      ...settings,
      groups: [{ name: 'Others' }],
      members: [{ email: email('ann') }, { email: email('bob') }, { email: email('eve') }],
    };
    await world.run('3');
    expect(world.remote.people.groups.get(id)?.access).toEqual([]);
    world.pass(14);
    await world.run('4');
    expect(world.remote.people.groups.has(id)).toBe(false);
    expect(world.remote.people.groups.has('staff')).toBe(true);
  });

  it('leaves members alone whose group cannot be told apart from another of its name', async () => {
    const remote = team();
    remote.people.groups.set('other', aGroup('other', { name: 'staff' }));
    const members = [...TEAM, 'eve'].map((id) => ({ email: email(id), groups: ['staff'] }));
    const world = directoryWorld({ remote, settings: declare([], { groups: [{ name: 'staff' }], members }) });
    await world.run('1');
    expect(await world.run('2')).toEqual({ status: 'SUCCEEDED', drift: 0, done: 0, failed: 0 });
    expect(changesOf(remote).filter((call) => !call.startsWith('changeMember'))).toEqual(['invite eve@example.com']);
  });

  it('invites only as many as there are seats', async () => {
    const world = directoryWorld({ remote: team({ freeSeats: 1 }), settings: declare([...TEAM, 'eve', 'fay']) });
    await world.run('1');
    expect(changesOf(world.remote).filter((call) => call.startsWith('invite'))).toEqual(['invite eve@example.com']);
  });

  it('sends an invitation again after its days, and not more often than it may', async () => {
    const settings = declare([...TEAM, 'eve'], { reinvite: { afterDays: 3, maxTimes: 2 } });
    const world = directoryWorld({ remote: team(), settings });
    for (let day = 0; day < 20; day++) {
      await world.run(`day-${day}`);
      world.pass(1);
    }
    expect(world.remote.calls.filter((call) => call.startsWith('reinvite'))).toHaveLength(2);
  });

  it('only reports a policy unless apply is true', async () => {
    const policies = [
      { type: 0, enabled: true },
      { type: 1, enabled: true, data: { minLength: 14 }, apply: true },
    ];
    const world = directoryWorld({ remote: team(), settings: declare(TEAM, { policies }) });
    expect(await world.run('1')).toMatchObject({ drift: 2 });
    expect(changesOf(world.remote).filter((call) => call.startsWith('savePolicy'))).toEqual(['savePolicy 1']);
    expect(await world.run('2')).toMatchObject({ drift: 1 });
  });

  it('compares without any change if it is asked for drift', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(['ann', 'eve']) });
    expect(await world.run('1', { trigger: 'drift' })).toMatchObject({ status: 'SUCCEEDED', drift: 4, done: 0 });
    expect(changesOf(world.remote)).toEqual([]);
    expect(world.measured.at(-1)).toMatchObject({ compared: { fields: { missing: 1, extra: 3 } } });
  });

  it('is skipped while another run of the rule goes on', async () => {
    const world = directoryWorld({ remote: team(), settings: declare(TEAM) });
    const place = directoryAt.active(RULE, 'declared');
    await world.shared.replace(place, { run: 'people.other', ended: false }, 'absent');
    world.scene.running.add('people.other');
    expect(await world.run('1')).toMatchObject({ status: 'SKIPPED' });
    world.scene.running.clear();
    expect(await world.run('2')).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('makes at most four calls for each change, and lists once', async () => {
    const world = directoryWorld({ remote: team(), settings: declare([...TEAM, 'eve', 'fay']) });
    await world.run('1');
    const lists = 4;
    expect(world.remote.calls.length - lists).toBeLessThanOrEqual(4 * changesOf(world.remote).length);
  });
});
