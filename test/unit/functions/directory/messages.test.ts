import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import type { MemberMessage } from '#shared/messages/member-messages.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { directoryWorld, RULE } from '#test/support/directory-world.ts';
import { aGroup, aMember, fakeDirectory } from '#test/support/fake-directory.ts';

const SENDER = 'AROA1234567890PEOPLE';
const OTHER = 'AROA1234567890OTHERS';
const TEAM = ['ann', 'bob', 'cid', 'dee', 'eve'];
const email = (id: string): string => `${id}@example.com`;

const declare = (ids: readonly string[], more: Record<string, unknown> = {}) => ({
  connection: 'people',
  schedule: { expression: 'rate(1 hour)' },
  groups: [{ name: 'staff' }, { name: 'lab' }],
  members: ids.map((id) => ({ email: email(id), ...(id === 'dee' && { groups: ['staff'] }) })),
  removals: { maxPerDay: 3, maxPercent: 100 },
  messages: { senders: [SENDER, OTHER] },
  ...more,
});
const left = (id: string, position = 1): MemberMessage => ({
  ...{ type: 'member.left', directory: RULE, email: email(id), position },
});
const joined = (id: string, position = 1, groups: string[] = []): MemberMessage => ({
  ...{ type: 'member.joined', directory: RULE, email: email(id), position, groups },
});
const moved = (id: string, position: number, groups: string[]): MemberMessage => ({
  ...{ type: 'member.moved', directory: RULE, email: email(id), position, groups },
});

/** A directory whose members the relay has adopted. */
const start = async ({ settings = declare(TEAM), revokes = true } = {}) => {
  const remote = fakeDirectory(
    {
      members: TEAM.map((id) => aMember(id, { type: id === 'ann' ? 'owner' : id === 'bob' ? 'admin' : 'user' })),
      groups: [aGroup('staff'), aGroup('lab')],
      memberships: { dee: ['staff'] },
    },
    { revokes, freeSeats: 5 },
  );
  const world = directoryWorld({ remote, settings });
  await world.run('adopt');
  remote.calls.length = 0;
  world.notices.length = 0;
  const changes = (): string[] => remote.calls.filter((call) => call.includes(' '));
  const statusOf = (id: string) => [...remote.people.members.values()].find((one) => one.email === email(id))?.status;
  return { ...world, changes, statusOf };
};

describe('a message about a leaver', () => {
  it('revokes it while a run over the declared state goes on, and removes it after the time of grace', async () => {
    const { scene, shared, send, heed, run, statusOf, changes, pass, executions, measured } = await start();
    const lane = directoryAt.active(RULE, 'declared');
    const held = await shared.read(lane);
    await shared.replace(lane, { run: 'people.long', ended: false }, held?.version ?? 'absent');
    scene.running.add('people.long');
    await send(left('dee'));
    expect(await executions.find('people.messages-20260302T060003Z')).toMatchObject({
      input: JSON.stringify({ rule: RULE, trigger: 'message', waitSeconds: 4 }),
    });
    expect(await heed('m1')).toMatchObject({ status: 'SUCCEEDED', done: 1 });
    expect(measured.at(-1)).toMatchObject({ revoked: 1, heeded: { done: 1, refused: 0, owed: 0 } });
    expect(changes()).toEqual(['revoke dee']);
    scene.running.clear();
    scene.settings = declare(['ann', 'bob', 'cid', 'eve']);
    pass(15);
    await run('later');
    expect(statusOf('dee')).toBeUndefined();
  });

  it('shares the list of members with many others, and needs two further calls', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `p${index}`);
    const remote = fakeDirectory({ members: ids.map((id) => aMember(id)) });
    const removals = { maxPerDay: 60, maxPercent: 100 };
    const world = directoryWorld({
      remote,
      settings: declare(ids, { removals, messages: { senders: [SENDER], maxPerDay: 60 } }),
    });
    await world.run('adopt');
    remote.calls.length = 0;
    for (const id of ids) await world.send(left(id));
    expect(await world.heed('m1')).toMatchObject({ status: 'SUCCEEDED', done: 60 });
    expect([...remote.people.members.values()].every(({ status }) => status === 'revoked')).toBe(true);
    expect(remote.calls).toHaveLength(1 + 2 * 60);
  });

  it('changes nothing twice, however often and in whatever order messages arrive', async () => {
    const { send, heed, changes, statusOf } = await start();
    await send(left('dee', 7));
    await send(left('dee', 7));
    await heed('m1');
    await send(left('dee', 7));
    await send(joined('dee', 6));
    expect(await heed('m2')).toBeUndefined();
    expect(changes()).toEqual(['revoke dee']);
    await expect(send(joined('dee', 7))).rejects.toThrow(/position: 7 was used for another message/);
    await send(joined('dee', 8));
    await heed('m3');
    expect(statusOf('dee')).toBe('confirmed');
  });

  it('keeps it out although the source declares it, until the source has left it out once', async () => {
    const { scene, runs, send, heed, run, statusOf } = await start();
    await send(left('dee'));
    await heed('m1');
    await run('1');
    expect(statusOf('dee')).toBe('revoked');
    const report = await runs.read(directoryAt.report({ rule: RULE, run: `${RULE}.1` }));
    expect(report?.findings).toEqual([expect.stringMatching(/^dee@.* left by a message and is still declared/)]);
    // An empty source leaves out no member.
    scene.settings = {
      ...declare([]),
      members: undefined,
      groups: [],
      source: { bucket: 'acme-people', key: 'p.json' },
    };
    scene.source = '{"members":[]}';
    await run('2');
    scene.settings = declare(TEAM);
    await run('3');
    expect(statusOf('dee')).toBe('revoked');
    scene.settings = declare(['ann', 'bob', 'cid', 'eve']);
    await run('4');
    scene.settings = declare(TEAM);
    await run('5');
    expect(statusOf('dee')).toBe('confirmed');
  });

  it('revokes it again if a person restored it by hand, which counts as a removal of that day', async () => {
    const { shared, runs, remote, send, heed, run, statusOf, pass } = await start();
    await remote.session.revoke('dee');
    await send(left('dee'));
    await heed('m1');
    pass(1);
    await remote.session.restore('dee');
    await run('1');
    expect(statusOf('dee')).toBe('revoked');
    expect((await shared.read(directoryAt.budget(RULE)))?.record).toMatchObject({ begun: { dee: 'message' } });
    const report = await runs.read(directoryAt.report({ rule: RULE, run: `${RULE}.1` }));
    expect(report?.findings).toEqual([expect.stringMatching(/^dee@.* let in again by hand.*send member.joined/)]);
    // By now, the relay has revoked it.
    await send(joined('dee', 2));
    await heed('m2');
    expect(statusOf('dee')).toBe('confirmed');
  });

  it('counts more than the steps of a plan that is older', async () => {
    const { scene, send, heed, plan, finish, statusOf, changes } = await start();
    scene.settings = declare([...TEAM, 'fay'], {
      members: [...TEAM.map((id) => ({ email: email(id), groups: ['lab'] })), { email: email('fay') }],
    });
    const planned = await plan('old');
    await send(left('dee'));
    await send(left('fay'));
    await heed('m1');
    await finish('old', planned);
    expect([statusOf('dee'), statusOf('fay')]).toEqual(['revoked', undefined]);
    expect(changes()).not.toContain('changeGroupsOf dee');
  });

  it('is refused for an owner, an administrator, a stranger, and an address without a member', async () => {
    const { remote, send, heed, changes, notices, measured } = await start();
    remote.people.members.set('guest', aMember('guest'));
    for (const id of ['ann', 'bob', 'guest', 'unknown']) await send(left(id));
    expect(await heed('m1')).toMatchObject({ status: 'PARTIAL', done: 0, failed: 4 });
    expect(changes()).toEqual([]);
    expect(notices).toHaveLength(1);
    for (const text of [
      /ann@.* refused: It is an owner or administrator/,
      /bob@.* refused: It is an owner or administrator/,
      /guest@.* refused: The relay neither invited nor adopted/,
      /unknown@.* refused: No member has the address/,
    ]) {
      expect(notices[0]).toMatch(text);
    }
    expect(measured.at(-1)).toMatchObject({ heeded: { done: 0, refused: 4, owed: 0 } });
    expect(await heed('m2')).toBeUndefined();
  });

  it('does not keep out an owner whom the source declares, even if it came before the invitation', async () => {
    const { remote, scene, send, heed, run, statusOf } = await start();
    await send(left('fay'));
    await heed('m1');
    scene.settings = { ...declare(TEAM), members: [...declare(TEAM).members, { email: email('fay'), type: 'owner' }] };
    remote.people.members.set('fay', aMember('fay', { type: 'owner' }));
    for (const name of ['1', '2', '3']) await run(name);
    expect(statusOf('fay')).toBe('confirmed');
  });

  it('waits for the next day if the removals of the day or of its sender are used up', async () => {
    const { scene, send, heed, statusOf, notices, pass } = await start({
      settings: declare(TEAM, {
        messages: { senders: [SENDER, OTHER], maxPerDay: 1 },
        removals: { maxPerDay: 2, maxPercent: 100 },
      }),
    });
    await send(left('cid'));
    scene.now += 1000;
    await send(left('dee'));
    await heed('m1');
    expect([statusOf('cid'), statusOf('dee')]).toEqual(['revoked', 'confirmed']);
    expect(notices.at(-1)).toMatch(/dee@.*owed: The removals of the day are used up/);
    await heed('m2');
    expect(notices).toHaveLength(1);
    await send(left('eve'), OTHER);
    await heed('m3');
    expect(statusOf('eve')).toBe('revoked');
    pass(1);
    await heed('m4');
    expect(statusOf('dee')).toBe('revoked');
  });

  it('is carried out later if the directory fails, or shows only a part of its members', async () => {
    const { remote, send, heed, statusOf } = await start();
    remote.switches.rejected.add('dee');
    await send(left('dee'));
    expect(await heed('m1')).toMatchObject({ status: 'PARTIAL', failed: 1 });
    remote.switches.rejected.clear();
    remote.switches.onCall = (call, when) => {
      if (call === 'revoke dee' && when === 'after')
        throw new RelayError('VaultUnavailable', 'unavailable', { mayHaveHappened: true });
    };
    expect(await heed('m2')).toMatchObject({ status: 'PARTIAL', failed: 1 });
    delete remote.switches.onCall;
    expect(await heed('m3')).toMatchObject({ status: 'SUCCEEDED', done: 1 });
    expect(statusOf('dee')).toBe('revoked');
    expect(remote.calls.filter((call) => call === 'revoke dee')).toHaveLength(1);
    // The second attempt found it revoked, by the first one.
    await send(joined('dee', 2));
    await heed('m4');
    expect(statusOf('dee')).toBe('confirmed');
  });

  it('comes before joiners that wait, also if it arrives while a run goes on, and does not wait for the next run', async () => {
    const { scene, remote, send, heed, changes, statusOf } = await start();
    remote.switches.freeSeats = 50;
    const joiners = Array.from({ length: 40 }, (_, index) => `j${index}`);
    for (const id of joiners) await send(joined(id));
    scene.now += 1000;
    await send(left('dee'));
    let [sentAt, outAt] = [0, 0];
    // Each invitation takes long, and another person leaves during the first ones.
    remote.switches.onCall = async (call, when) => {
      if (call === 'revoke eve') outAt = scene.now;
      if (when === 'before' || !call.startsWith('invite')) return;
      scene.now += 2500;
      const isFirst = [...remote.people.members.values()].filter(({ status }) => status === 'invited').length === 1;
      if (!isFirst) return;
      sentAt = scene.now;
      await send(left('eve'));
    };
    expect(await heed('m1')).toMatchObject({ status: 'SUCCEEDED', done: joiners.length + 2 });
    expect([statusOf('dee'), statusOf('eve')]).toEqual(['revoked', 'revoked']);
    // Four people are worked on at the same time.
    expect(changes().indexOf('revoke dee')).toBeLessThan(4);
    expect(outAt - sentAt).toBeLessThan(60_000);
    // The last message of all comes during the last work of the run.
    remote.switches.onCall = async (call, when) => {
      if (call === 'revoke cid' && when === 'after') await send(left('fay'));
    };
    remote.people.members.set('fay', aMember('fay', { externalId: remote.people.members.get('dee')?.externalId }));
    scene.settings = declare(TEAM, { removals: { maxPerDay: 9, maxPercent: 100 } });
    await send(left('cid'));
    expect(await heed('m2')).toMatchObject({ done: 2 });
    expect(statusOf('fay')).toBe('revoked');
  });

  it('is tried again in a moment if another process took the person over, because a call was late', async () => {
    const { scene, remote, send, heed, statusOf, notices } = await start();
    await send(left('dee'));
    const begins = scene.now;
    let isLate = false;
    remote.switches.onCall = (call, when) => {
      if (call !== 'member' || when === 'before' || isLate) return;
      isLate = true;
      scene.now += 121_000;
    };
    expect(await heed('m1')).toMatchObject({ status: 'SUCCEEDED', done: 1 });
    expect([statusOf('dee'), notices]).toEqual(['revoked', []]);
    expect(scene.now - begins).toBeLessThan(121_000 + 60_000);
  });

  it('is not done if the member has another address since it was listed, and people are told', async () => {
    const { remote, send, heed, run, statusOf, notices } = await start();
    const { members } = remote.people;
    await send(left('dee'));
    remote.switches.onCall = (call, when) => {
      if (call !== 'members' || when !== 'after') return;
      members.set('dee', { ...aMember('dee'), ...members.get('dee'), email: email('doe') });
    };
    expect(await heed('m1')).toMatchObject({ status: 'PARTIAL', done: 0 });
    expect(notices.at(-1)).toMatch(/dee@example.com \(member.left\) is owed: .* no member has the address now/);
    expect(await heed('m2')).toMatchObject({ status: 'PARTIAL' });
    expect(notices.at(-1)).toMatch(/dee@example.com \(member.left\) is refused: No member has the address/);
    await run('1');
    expect(statusOf('doe')).toBe('revoked');
  });

  it('waits for another process that works on the person', async () => {
    const { scene, shared, send, heed, statusOf, notices } = await start();
    const until = scene.now + 30_000;
    const person = { writes: 1, email: email('dee'), working: { by: 'people.long', until } };
    await shared.replace(directoryAt.person(RULE, email('dee')), person, 'absent');
    await send(left('dee'));
    await heed('m1');
    expect(scene.now).toBeGreaterThanOrEqual(until);
    expect(statusOf('dee')).toBe('revoked');
    expect(notices).toEqual([]);
  });

  it('has no effect once another process can work on the person, however late the directory answers', async () => {
    const { scene, remote, send, heed, statusOf } = await start();
    remote.switches.now = () => scene.now;
    remote.switches.onCall = (call, when) => {
      if (call === 'member' && when === 'after') scene.now += 115_000;
    };
    await send(left('dee'));
    await heed('m1');
    expect(statusOf('dee')).toBe('confirmed');
    remote.switches.onCall = () => {};
    await heed('m2');
    expect(statusOf('dee')).toBe('revoked');
  });

  it('lets a person leave whose invitation had no answer, also where the relay sets no marks', async () => {
    const { scene, remote, send, heed, statusOf } = await start();
    remote.people.members.set('syn', aMember('syn', { externalId: 'okta-1' }));
    remote.switches.onCall = (call, when) => {
      if (call.startsWith('invite') && when === 'after') {
        throw new RelayError('VaultUnavailable', 'The answer was lost.', { mayHaveHappened: true });
      }
    };
    await send(joined('fay'));
    await heed('m1');
    expect(statusOf('fay')).toBe('invited');
    remote.switches.onCall = () => {};
    await send(left('fay', 2));
    scene.now += 120_000;
    await heed('m2');
    expect(statusOf('fay')).toBe('revoked');
  });

  it('waits in the workflow if the directory asks for it, which is no other process that works on the person', async () => {
    const { remote, send, heed, statusOf } = await start();
    remote.switches.onCall = (call) => {
      if (call === 'revoke cid') throw new RelayError('LimitReached', 'The server asked for no calls before noon.');
    };
    await send(left('cid'));
    await send(left('dee'));
    await expect(heed('m1')).rejects.toMatchObject({ name: 'LimitReached' });
    expect(statusOf('dee')).toBe('revoked');
  });

  it('waits for a list that is newer than an invitation whose process has died', async () => {
    const { scene, shared, remote, send, heed, statusOf } = await start();
    const inviting = scene.now + 60_000;
    const place = directoryAt.person(RULE, email('fay'));
    await shared.replace(place, { writes: 1, email: email('fay'), inviting }, 'absent');
    await send(left('fay'));
    expect(await heed('m1')).toMatchObject({ status: 'PARTIAL', failed: 1 });
    remote.people.members.set('fay', aMember('fay'));
    scene.now = inviting;
    await heed('m2');
    expect(statusOf('fay')).toBe('revoked');
  });

  it('is taken back by one command, also before it is carried out and while a run goes on', async () => {
    const { scene, send, heed, run, statusOf, changes, remote } = await start({ revokes: false });
    await send(left('dee'));
    await heed('m1');
    expect(remote.people.memberships.get('dee')).toEqual(new Set());
    scene.running.add('people.adopt');
    await run('undo-1', { trigger: 'undo', members: [email('dee')] });
    expect(remote.people.memberships.get('dee')).toEqual(new Set(['staff']));
    await send(left('cid'));
    await run('undo-2', { trigger: 'undo', members: [email('cid')] });
    remote.calls.length = 0;
    await heed('m2');
    await run('1');
    expect(changes()).toEqual([]);
    expect(statusOf('cid')).toBe('confirmed');
  });
});

describe('a message about a joiner or a mover', () => {
  it('does not let a leaver stay that is owed, nor one that has left', async () => {
    const { scene, remote, send, heed, statusOf, notices } = await start();
    remote.switches.rejected.add('dee');
    await send(left('dee', 5));
    await heed('m1');
    await send(moved('dee', 6, ['lab']));
    await send(moved('dee', 6, ['lab']));
    await send(moved('dee', 1, ['lab']), OTHER);
    remote.switches.rejected.clear();
    await heed('m2');
    expect(statusOf('dee')).toBe('revoked');
    scene.now += 1000;
    await send(moved('dee', 7, ['lab']));
    await heed('m3');
    expect(notices.at(-1)).toMatch(/dee@.* refused: The member has left or is revoked/);
    // Also one that is not there yet.
    await send(left('fay'));
    await heed('m4');
    remote.people.members.set(
      'fay',
      aMember('fay', { externalId: [...remote.people.members.values()][0]?.externalId }),
    );
    await send(moved('fay', 2, ['lab']));
    await heed('m5');
    expect(notices.at(-1)).toMatch(/fay@.* refused: The member has left or is revoked/);
  });

  it('is tried once before another one is tried again, and ends the run if none gets further', async () => {
    const { scene, remote, send, heed, notices } = await start();
    remote.switches.freeSeats = 200;
    remote.switches.onCall = (call, when) => {
      if (!call.startsWith('invite') || when === 'after') return;
      scene.now += 2000;
      throw new RelayError('ChangeRefused', 'A policy forbids it.');
    };
    const joiners = Array.from({ length: 90 }, (_, index) => `j${index}`);
    for (const id of joiners) await send(joined(id));
    expect(await heed('m1')).toMatchObject({ status: 'PARTIAL', failed: 90 });
    const tried = remote.calls.filter((call) => call.startsWith('invite'));
    expect(new Set(tried).size).toBe(90);
    expect(tried.length).toBeLessThan(90 + 30);
    expect(notices.at(-1)?.split('\n').slice(-2)).toEqual([
      expect.stringMatching(/^j\d+@example.com .* is owed/),
      expect.stringMatching(/^There are more/),
    ]);
  });

  it('returns no ownership that the source has taken, where no member can be revoked', async () => {
    const { scene, remote, run, send, heed } = await start({ revokes: false });
    remote.people.members.set('dee', aMember('dee', { type: 'owner' }));
    scene.settings = declare(['ann', 'bob', 'cid', 'eve']);
    await run('1');
    expect(remote.people.members.get('dee')).toMatchObject({ type: 'user' });
    await send(joined('dee', 1, ['lab']));
    await heed('m1');
    expect(remote.people.members.get('dee')).toMatchObject({ type: 'user' });
  });

  it('lets a joiner that is owed join into the groups of a move, and stay', async () => {
    const { scene, remote, send, heed, run, statusOf } = await start();
    remote.switches.freeSeats = 0;
    await send(joined('fay', 1, ['staff']));
    await heed('m1');
    await send(moved('fay', 2, ['lab']));
    remote.switches.freeSeats = 1;
    await heed('m2');
    const groupsOfFay = () => remote.people.memberships.get('new-1');
    expect([statusOf('fay'), groupsOfFay()]).toEqual(['invited', new Set(['lab'])]);
    await send(moved('fay', 3, ['staff']));
    await heed('m3');
    await run('1');
    expect([statusOf('fay'), groupsOfFay()]).toEqual(['invited', new Set(['staff'])]);
    await run('undo', { trigger: 'undo', members: [email('fay')] });
    await run('2');
    expect([statusOf('fay'), groupsOfFay()]).toEqual(['invited', new Set(['lab'])]);
    // The source agrees once, and counts from then on.
    scene.settings = {
      ...declare(TEAM),
      members: [...declare(TEAM).members, { email: email('fay'), groups: ['lab'] }],
    };
    await run('3');
    scene.settings = declare(TEAM);
    await run('4');
    expect(statusOf('fay')).toBe('revoked');
  });

  it('invites a user into groups of the rule, who stays until the source declares it, or the time of grace is over', async () => {
    const { scene, send, heed, run, remote, statusOf, pass } = await start();
    await send(joined('fay', 1, ['lab']));
    await heed('m1');
    const fay = [...remote.people.members.values()].find((one) => one.email === email('fay'));
    expect(fay).toMatchObject({ status: 'invited', type: 'user' });
    expect(remote.people.memberships.get(fay?.id ?? '')).toEqual(new Set(['lab']));
    pass(13);
    expect(await run('1')).toMatchObject({ drift: 0, done: 0 });
    expect(statusOf('fay')).toBe('invited');
    pass(2);
    await run('2');
    expect(statusOf('fay')).toBe('revoked');
    expect(scene.running.size).toBe(0);
  });

  it('moves a member to other groups, which the source does not take back, and one command does', async () => {
    const { send, heed, run, remote } = await start();
    await send(moved('dee', 1, ['lab']));
    await heed('m1');
    await run('1');
    expect(remote.people.memberships.get('dee')).toEqual(new Set(['lab']));
    await run('undo', { trigger: 'undo', members: [email('dee')] });
    expect(remote.people.memberships.get('dee')).toEqual(new Set(['staff']));
  });

  it('restores no member that another hand had revoked before it left, which stays once it is restored there', async () => {
    const { scene, remote, send, heed, run, statusOf, changes, notices } = await start();
    await remote.session.revoke('dee');
    remote.calls.length = 0;
    await send(left('dee'));
    await heed('m1');
    await send(joined('dee', 2));
    expect(await heed('m2')).toMatchObject({ status: 'PARTIAL', done: 0, failed: 1 });
    expect(notices).toEqual([expect.stringMatching(/dee@.* refused: The member was revoked outside the relay/)]);
    expect(statusOf('dee')).toBe('revoked');
    await remote.session.restore('dee');
    scene.settings = declare(['ann', 'bob', 'cid', 'eve']);
    remote.calls.length = 0;
    await run('1');
    expect(changes()).toEqual([]);
  });

  it('takes no more seats than were free, however many join at the same time', async () => {
    const { remote, send, heed, statusOf, changes, notices } = await start();
    await send(left('dee'));
    await heed('m1');
    remote.switches.freeSeats = 2;
    remote.calls.length = 0;
    const joiners = ['dee', 'fay', 'gus', 'hal', 'ivy'];
    for (const id of joiners) await send(joined(id, 2));
    // Who is there takes none.
    await send(joined('eve', 2, ['lab']));
    expect(await heed('m2')).toMatchObject({ done: 3, failed: 3 });
    expect(changes().filter((call) => /^(invite|restore) /.test(call))).toHaveLength(2);
    expect(notices.at(-1)?.match(/owed: No seat is free/g)).toHaveLength(3);
    remote.switches.freeSeats = 3;
    expect(await heed('m3')).toMatchObject({ done: 3, failed: 0 });
    expect(joiners.map(statusOf)).not.toContain(undefined);
  });

  it('waits for a seat, and is refused for a group that the rule does not manage', async () => {
    const { shared, runs, remote, send, heed, statusOf, notices } = await start();
    remote.switches.freeSeats = 0;
    await send(joined('fay'));
    await send(moved('dee', 1, ['lab', 'vip']));
    await heed('m1');
    expect(notices.at(-1)).toMatch(/fay@.*owed: No seat is free/);
    expect(notices.at(-1)).toMatch(/dee@.*refused: The rule does not manage group 2 of the message/);
    // Its name is a text of the sender.
    expect(
      [...notices, ...runs.objects.values(), ...[...shared.states.values()].map(({ text }) => text)].join(),
    ).not.toContain('vip');
    remote.switches.freeSeats = 1;
    await heed('m2');
    expect(statusOf('fay')).toBe('invited');
  });

  it('is refused from a sender whom the rule does not name, or no longer names', async () => {
    const { scene, send, heed, notices, changes } = await start();
    await send(left('dee'), OTHER);
    scene.settings = declare(TEAM, { messages: { senders: [SENDER] } });
    await heed('m1');
    expect(notices.at(-1)).toMatch(/dee@.* refused: The rule no longer takes messages of its sender/);
    expect(changes()).toEqual([]);
    await expect(send(left('dee'), 'AROA1234567890NOBODY')).rejects.toMatchObject({
      name: 'MessageInvalid',
      message: expect.stringContaining('directories.people.messages.senders: [AROA1234567890NOBODY]'),
    });
  });
});
