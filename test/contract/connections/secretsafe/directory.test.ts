import { describe, expect, it } from 'vitest';
import type { SecretSafeOptions } from '#local/simulators/secretsafe/server.ts';
import { DEFAULT_SWITCHES } from '#local/simulators/secretsafe/switches.ts';
import type { CollectionAccess } from '#shared/connections/directory.ts';
import type { RelayError } from '#shared/errors.ts';
import { openRelaySite, type RelaySite } from './relay-site.ts';

type Switches = NonNullable<SecretSafeOptions['switches']>;

const OLDER: Switches = { era: 'older' };
const ERAS: readonly (readonly [string, Switches])[] = [
  ['today', {}],
  ['older', OLDER],
];

const siteWith = (switches: Switches): Promise<RelaySite> => openRelaySite({ site: { switches } });

const failureOf = (call: Promise<unknown>): Promise<RelayError> =>
  call.then(
    () => Promise.reject(new Error('The call succeeded.')),
    (error: RelayError) => error,
  );

const idAt = ({ simulator }: RelaySite, index: number): string => simulator.members()[index]?.id ?? '';
const memberAt = ({ simulator }: RelaySite, id: string) => simulator.members().find((one) => one.id === id);
const OWNER = 0;
/** Custom, with permissions. */
const CUSTOM = 7;
const USER = 11;

const edit = (collection: string): CollectionAccess => ({
  collection,
  readOnly: false,
  hidePasswords: false,
  manage: false,
});

describe('the abilities of a server', () => {
  it.each<[string, Switches, object]>([
    ['today, described', {}, { manages: true, revokes: true }],
    ['today, by its rows', { specification: 'absent' }, { manages: true, revokes: true }],
    ['older, described', OLDER, { manages: true, revokes: false }],
    ['older, by its rows', { ...OLDER, specification: 'absent' }, { manages: true, revokes: false }],
    ['import only, described', { era: 'import-only' }, { manages: false, revokes: false }],
    [
      'import only, by what it lacks',
      { era: 'import-only', specification: 'absent' },
      { manages: false, revokes: false },
    ],
  ])('are found: %s', async (_what, switches, abilities) => {
    const { inSession } = await siteWith(switches);
    expect(await inSession((session) => session.abilities())).toEqual(abilities);
  });

  it.each([200, 404, 500])('are found by the rows if the description is a page with the status %s', async (status) => {
    const { simulator, inSession } = await siteWith(OLDER);
    const page = { body: '<html></html>', contentType: 'text/html' };
    simulator.faults.add({ kind: 'specification', times: 99, effect: { type: 'status', status, ...page } });
    expect(await inSession((session) => session.abilities())).toEqual({ manages: true, revokes: false });
  });

  it('are found by a member, without a list, if the server publishes none', async () => {
    const site = await siteWith({ ...OLDER, specification: 'absent' });
    const abilities = site.inSession(async (session) => {
      await session.member(idAt(site, USER));
      return session.abilities();
    });
    expect(await abilities).toMatchObject({ revokes: false });
    expect(site.kinds()).toEqual(['member', 'specification']);
  });

  it('are looked for once in a session', async () => {
    const { inSession, kinds } = await siteWith({});
    await inSession(async (session) => {
      await session.abilities();
      await session.abilities();
    });
    expect(kinds()).toEqual(['specification']);
  });

  it('refuse a server that only imports, and never say that a member does not exist there', async () => {
    const site = await siteWith({ era: 'import-only' });
    await site.inSession(async (session) => {
      for (const call of [session.members(), session.groups(), session.member(idAt(site, USER))]) {
        expect(await failureOf(call)).toMatchObject({ name: 'CallUnsupported' });
      }
      expect(await failureOf(session.removeMember(idAt(site, USER)))).toMatchObject({ name: 'CallUnsupported' });
    });
  });

  it('are learnt if a server that seemed to revoke cannot', async () => {
    const site = await siteWith({});
    await site.inSession(async (session) => {
      expect(await session.abilities()).toMatchObject({ revokes: true });
      site.simulator.switches.era = 'older';
      expect(await session.revoke(idAt(site, USER))).toBe(false);
      expect(await session.abilities()).toMatchObject({ revokes: false });
    });
  });
});

describe('the lists', () => {
  it('of members tell the taken seats, without another list', async () => {
    const { inSession, kinds } = await siteWith({ seats: 99 });
    await inSession(async (session) => session.freeSeats(await session.members()));
    expect(kinds()).toEqual(['members', 'subscription']);
  });

  it.each(ERAS)('show everybody with nothing personal but the address: %s', async (_era, switches) => {
    const site = await siteWith(switches);
    const { rows, rejected } = await site.inSession((session) => session.members());
    expect(rejected).toEqual([]);
    expect(rows).toHaveLength(site.simulator.members().length);
    expect(JSON.stringify(rows)).not.toMatch(/Jürgen|Person 0/);
    expect(rows[OWNER]).toMatchObject({ type: 'owner', status: 'confirmed', externalId: undefined });
  });

  it('reject a row that is unreadable, by its id, and keep the others', async () => {
    const site = await siteWith({});
    const id = idAt(site, USER);
    const [long, unicode] = [idAt(site, CUSTOM), idAt(site, USER - 1)];
    site.simulator.switches.oddRows = {
      [id]: { status: 77 },
      [long]: { email: `${'a'.repeat(1000)}@b.example` },
      [unicode]: { email: 'Ju\u0308rgen@b.example' },
    };
    const { rows, rejected } = await site.inSession((session) => session.members());
    expect(rejected).toEqual([
      `members, id ${long}: expected at most 1000 characters at "email"`,
      `members, id ${id}: found an unknown number at "status"`,
    ]);
    expect(rows).toHaveLength(site.simulator.members().length - 2);
    expect(rows).toContainEqual(expect.objectContaining({ id: unicode, email: 'j\u00FCrgen@b.example' }));
  });

  it('are not complete if they continue on another page', async () => {
    const site = await siteWith({});
    const body = JSON.stringify({ object: 'list', data: [], continuationToken: 'more' });
    site.simulator.faults.add({ kind: 'members', effect: { type: 'status', status: 200, body } });
    const { rejected } = await site.inSession((session) => session.members());
    expect(rejected).toEqual(['members: the list continues on another page']);
  });

  it('do not know the access of members on a server that does not list it', async () => {
    const site = await siteWith({ listedCollections: 'null' });
    await site.inSession(async (session) => {
      expect((await session.members()).rows[USER]?.access).toBeUndefined();
      expect((await session.member(idAt(site, USER)))?.access).toBeDefined();
    });
  });

  it('explain a write that the plan does not include', async () => {
    const plan = { ...DEFAULT_SWITCHES.plan, groups: false, policies: false };
    const { inSession } = await siteWith({ plan });
    await inSession(async (session) => {
      const refusal = { name: 'LicenceRefused' };
      expect(await failureOf(session.createGroup({ name: 'Any', access: [] }))).toMatchObject(refusal);
      expect(await failureOf(session.savePolicy({ type: 2, enabled: true, data: {} }))).toMatchObject(refusal);
    });
  });

  it('explain an invitation without a free seat', async () => {
    const { inSession } = await siteWith({ seats: 0, deployment: 'self-hosted' });
    const person = { email: 'new@example.com', type: 'user', access: [], groups: [] } as const;
    const error = await failureOf(inSession((session) => session.invite(person)));
    expect(error).toMatchObject({ name: 'LicenceRefused', message: expect.stringContaining('seat') });
  });

  it('show the free seats where the server does, and never more than are paid for', async () => {
    const cloud = await siteWith({ seats: 15, maxAutoScaleSeats: 99 });
    const members = cloud.simulator.members().filter(({ status }) => status !== -1);
    const free = ({ inSession }: typeof cloud) =>
      inSession(async (session) => session.freeSeats(await session.members()));
    expect(await free(cloud)).toBe(15 - members.length);
    const own = await siteWith({ deployment: 'self-hosted' });
    expect(await free(own)).toBeUndefined();
  });
});

describe.each(ERAS)('a change of a member, on a server of the kind %s,', (_era, switches) => {
  it('leaves everything else as it is, in three calls', async () => {
    const site = await siteWith(switches);
    for (const index of [CUSTOM, USER]) {
      const id = idAt(site, index);
      const before = memberAt(site, id);
      const from = site.simulator.audit.length;
      await site.inSession((session) => session.changeMember(id, { externalId: 'ours' }));
      expect(memberAt(site, id)).toEqual({ ...before, externalId: 'ours' });
      expect(site.simulator.audit.slice(from).filter(({ kind }) => kind !== 'token')).toHaveLength(3);
    }
  });

  it('replaces the access to collections, and nothing else', async () => {
    const site = await siteWith(switches);
    const id = idAt(site, USER);
    const before = memberAt(site, id);
    const collections = await site.inSession((session) => session.collections());
    const collection = collections.rows[0]?.id ?? '';
    await site.inSession((session) => session.changeMember(id, { access: [edit(collection)] }));
    const { access, ...others } = memberAt(site, id) ?? { access: {} };
    expect(Object.keys(access)).toEqual([collection]);
    expect({ ...others, access: before?.access }).toEqual(before);
  });

  it('adds and removes groups, and keeps the rest', async () => {
    const site = await siteWith(switches);
    const [one = '', two = '', three = ''] = site.simulator.groups().map(({ id }) => id);
    const id = idAt(site, USER);
    await site.inSession(async (session) => {
      await session.changeGroupsOf(id, { add: [one, two], remove: await session.groupsOf(id) });
      await session.changeGroupsOf(id, { add: [three], remove: [one] });
      expect((await session.groupsOf(id)).toSorted()).toEqual([two, three].toSorted());
      const from = site.simulator.audit.length;
      await session.changeGroupsOf(id, { add: [three], remove: [one] });
      expect(site.simulator.audit.slice(from)).toHaveLength(1);
    });
  });

  it('invites with groups, and removes for good and repeatably', async () => {
    const site = await siteWith(switches);
    const [group = ''] = site.simulator.groups().map(({ id }) => id);
    await site.inSession(async (session) => {
      const person = { email: 'New@Example.com', type: 'user', access: [], groups: [group] } as const;
      const id = await session.invite(person);
      await session.changeGroupsOf(id, { add: [group], remove: [] });
      expect(await session.member(id)).toMatchObject({
        email: 'new@example.com',
        status: 'invited',
        hasAllAccess: false,
      });
      expect(await session.groupsOf(id)).toEqual([group]);
      expect(await failureOf(session.invite(person))).toMatchObject({ name: 'RequestConflict' });
      await session.reinvite(id);
      for (const _ of [1, 2]) await session.removeMember(id);
      expect(await session.member(id)).toBeUndefined();
    });
  });

  it('sends one mail for an invitation that is sent again, whatever becomes of the answer', async () => {
    const site = await siteWith(switches);
    await site.inSession(async (session) => {
      const id = await session.invite({ email: 'new@example.com', type: 'user', access: [], groups: [] });
      site.simulator.faults.add({ kind: 'reinvite', effect: { type: 'reset', when: 'after' } });
      expect(await failureOf(session.reinvite(id))).toMatchObject({ mayHaveHappened: true });
      expect(site.kinds().filter((kind) => kind === 'reinvite')).toHaveLength(1);
    });
  });

  it('never removes or demotes the last owner', async () => {
    const site = await siteWith(switches);
    const id = idAt(site, OWNER);
    await site.inSession(async (session) => {
      expect(await failureOf(session.removeMember(id))).toMatchObject({ name: 'ChangeRefused' });
      expect(await failureOf(session.changeMember(id, { type: 'user' }))).toMatchObject({ name: 'ChangeRefused' });
    });
    expect(memberAt(site, id)).toMatchObject({ type: 0, status: 2 });
  });

  it('creates, changes and removes a group, and keeps its access', async () => {
    const site = await siteWith(switches);
    await site.inSession(async (session) => {
      const [collection] = (await session.collections()).rows;
      const access = [edit(collection?.id ?? '')];
      const id = await session.createGroup({ name: 'R&D', externalId: 'ours', access });
      await session.changeGroup(id, { name: 'Research' });
      expect(await session.group(id)).toMatchObject({ name: 'Research', externalId: 'ours', access });
      await session.changeGroup(id, { externalId: null, access: [] });
      expect(await session.group(id)).toMatchObject({ externalId: undefined, access: [] });
      for (const _ of [1, 2]) await session.removeGroup(id);
      expect(await session.group(id)).toBeUndefined();
    });
  });
});

describe('a revocation', () => {
  it('can be repeated, and so can its end, which returns the status of before', async () => {
    const site = await siteWith({});
    const id = idAt(site, USER);
    const { status } = memberAt(site, id) ?? {};
    await site.inSession(async (session) => {
      for (const _ of [1, 2]) await session.revoke(id);
      expect((await session.member(id))?.status).toBe('revoked');
      for (const _ of [1, 2]) await session.restore(id);
    });
    expect(memberAt(site, id)?.status).toBe(status);
  });

  it('of the last owner is refused', async () => {
    const site = await siteWith({});
    const error = await failureOf(site.inSession((session) => session.revoke(idAt(site, OWNER))));
    expect(error).toMatchObject({ name: 'ChangeRefused', message: expect.stringContaining('owner') });
  });

  it('is done if only its answer was lost', async () => {
    const site = await siteWith({});
    const id = idAt(site, USER);
    site.simulator.faults.add({ kind: 'revoke', effect: { type: 'reset', when: 'after' } });
    await site.inSession((session) => session.revoke(id));
    expect(memberAt(site, id)?.status).toBe(-1);
  });
});

describe('an access to everything of an older server', () => {
  it('is sent as it was read, and ends only by a change that says so', async () => {
    const site = await siteWith(OLDER);
    const id = idAt(site, USER);
    site.simulator.editMember(id, { accessAll: true });
    await site.inSession(async (session) => {
      expect(await session.member(id)).toMatchObject({ hasAllAccess: true });
      await session.changeMember(id, { externalId: 'ours' });
      expect(memberAt(site, id)?.accessAll).toBe(true);
      await session.changeMember(id, { hasAllAccess: false });
    });
    expect(memberAt(site, id)?.accessAll).toBe(false);
  });
});

describe('a right that an older server does not know', () => {
  it.each([{ hidePasswords: true }, { manage: true }])(
    'is refused before any write, and not granted as another: %o',
    async (right) => {
      const site = await siteWith(OLDER);
      const email = 'new@example.com';
      await site.inSession(async (session) => {
        const [collection] = (await session.collections()).rows;
        const access = [{ ...edit(''), ...right, collection: collection?.id ?? '' }];
        const refusal = {
          name: 'CallUnsupported',
          message: expect.stringContaining('no other rights in a collection than view and edit'),
        };
        expect(await failureOf(session.changeMember(idAt(site, USER), { access }))).toMatchObject(refusal);
        expect(await failureOf(session.invite({ email, type: 'user', access, groups: [] }))).toMatchObject(refusal);
        expect(await failureOf(session.createGroup({ name: 'new', access }))).toMatchObject(refusal);
      });
      expect(site.kinds().filter((kind) => /^(update|invite|create)/.test(kind))).toEqual([]);
    },
  );
});

describe('a session that has to end', () => {
  it('repeats no call after its time, however long the server asks to wait', async () => {
    const site = await openRelaySite();
    const id = idAt(site, USER);
    site.simulator.faults.add({ kind: 'revoke', effect: { type: 'rate-limited', retryAfter: '45' } });
    await site.inSession(async (session) => {
      const short = session.until(site.clock.now + 40_000);
      expect(await failureOf(short.revoke(id))).toMatchObject({ name: 'RateLimited' });
      expect(site.waits).toEqual([]);
      site.clock.now += 40_000;
      expect(await failureOf(short.revoke(id))).toMatchObject({ name: 'OutOfTime', retryable: true });
      expect(await session.member(id)).toMatchObject({ status: 'confirmed' });
    });
  });
});

describe('a policy', () => {
  it('is saved with all of its settings, and then shown', async () => {
    const site = await siteWith({});
    await site.inSession(async (session) => {
      await session.savePolicy({ type: 1, enabled: true, data: { minLength: 14 } });
      expect((await session.policies()).rows).toContainEqual({ type: 1, enabled: true, data: { minLength: 14 } });
      expect(await failureOf(session.savePolicy({ type: 4, enabled: true, data: {} }))).toMatchObject({
        name: 'ChangeRefused',
      });
    });
  });
});

describe('a damaged answer', () => {
  it.each(['wrong-content-type', 'malformed', 'wrong-shape', 'cut-off'] as const)(
    'is never an empty list: %s',
    async (type) => {
      const site = await siteWith({});
      site.simulator.faults.add({ kind: 'members', times: 99, effect: { type } });
      const error = await failureOf(site.inSession((session) => session.members()));
      expect(error.name).toMatch(/^Answer/);
    },
  );

  it.each([
    [403, '<html>Blocked</html>'],
    [404, '<html>Blocked</html>'],
    [404, 'default backend - 404'],
  ])('of a proxy with the status %s is never an absent member: %s', async (status, body) => {
    const site = await siteWith({});
    const page = { body, contentType: 'text/html' };
    site.simulator.faults.add({ kind: 'member', times: 99, effect: { type: 'status', status, ...page } });
    const error = await failureOf(site.inSession((session) => session.member(idAt(site, USER))));
    expect(['PermissionMissing', 'RequestRejected']).toContain(error.name);
  });

  it('of a cache, with another member or group, passes none of its rights on', async () => {
    const site = await siteWith({});
    const [member, group] = [idAt(site, USER), site.simulator.groups().at(-1)?.id ?? ''];
    const before = [memberAt(site, member), site.simulator.groups().at(-1)];
    const body = JSON.stringify({ id: idAt(site, OWNER), email: 'a@b.example', name: 'All', type: 0, status: 2 });
    for (const id of [member, group]) site.simulator.faults.add({ id, effect: { type: 'status', status: 200, body } });
    await site.inSession(async (session) => {
      const isRefused = { name: 'AnswerMalformed' };
      expect(await failureOf(session.changeMember(member, { access: [] }))).toMatchObject(isRefused);
      expect(await failureOf(session.changeGroup(group, { access: [] }))).toMatchObject(isRefused);
    });
    expect([memberAt(site, member), site.simulator.groups().at(-1)]).toEqual(before);
  });
});
