import { describe, expect, test } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { OTHER, one, open } from './request-site.ts';
import { APPLICATION, APPROVER, type Caller, fleetOf, MINUTE_MS, requestFor, startSite } from './site.ts';

const ADMIN: SimulatedUser = { ...OTHER, roles: ['role-management', 'configuration-management'] };
const USERS = [APPLICATION, APPROVER, ADMIN];

const { policy } = one().account;
if (policy === null) throw new Error('The account has no policy.');

/** A site with one account under this policy. */
const siteWith = async (more: Partial<NonNullable<FleetAccount['policy']>>, row: Partial<FleetAccount> = {}) => {
  const { fleet, account } = one({ policy: { ...policy, ...more }, ...row });
  const site = await startSite({ fleet, users: USERS });
  const caller = await site.signIn();
  const ask = (fields: Record<string, unknown> = {}) => caller.post('Requests', requestFor(account, fields));
  return { site, account, caller, ask };
};

const offersOf = async (caller: Caller, account: FleetAccount) => {
  const answer = await caller.post('AccessPolicies/Test', requestFor(account));
  const [found]: { Schedules: { AccessTypes: { AccessType: string; MinApprovers: number }[] }[] }[] = JSON.parse(
    answer.text,
  );
  return found?.Schedules[0]?.AccessTypes.map(({ AccessType, MinApprovers }) => [AccessType, MinApprovers]);
};

describe('a policy', () => {
  test('allows the kinds of access that it names, each on its own conditions', async () => {
    const { site, account, caller, ask } = await siteWith({
      approvers: 1,
      access: { View: { minApprovers: 1 }, SSH: {} },
    });
    expect(await offersOf(caller, account)).toEqual([
      ['View', 1],
      ['SSH', 0],
    ]);
    expect((await ask()).status).toBe(201);
    expect((await ask({ AccessType: 'SSH' })).status).toBe(201);
    expect((await ask({ AccessType: 'RDP' })).status).toBe(400);
    expect(await open(caller)).toMatchObject([
      { AccessType: 'View', Status: 'Pending' },
      { AccessType: 'SSH', Status: 'Active' },
    ]);
    site.simulator.approve(1);
    expect(await open(caller)).toMatchObject([{ Status: 'Active' }, { Status: 'Active' }]);
    site.simulator.deny(1);
    expect(await open(caller)).toMatchObject([{ AccessType: 'SSH' }]);
  });

  test('requires more approvers than exist only if it requires any', async () => {
    const { ask } = await siteWith({ approvers: 0, access: { View: {}, SSH: { minApprovers: 1 } } });
    expect(await ask({ AccessType: 'SSH' })).toMatchObject({ status: 403, text: '4035' });
    expect((await ask()).status).toBe(201);
  });

  test('limits concurrent users by the kind of access', async () => {
    const { site, account } = await siteWith(
      { access: { View: { maxConcurrent: 1 }, SSH: {} } },
      { maxConcurrentRequests: 0 },
    );
    const [first, second] = [await site.signIn(), await site.signIn(APPROVER)];
    expect((await first.post('Requests', requestFor(account))).status).toBe(201);
    expect((await second.post('Requests', requestFor(account))).status).toBe(409);
    expect((await second.post('Requests', requestFor(account, { AccessType: 'SSH' }))).status).toBe(201);
  });

  test('offers an application only if there is one', async () => {
    const plain = await siteWith({});
    expect(await offersOf(plain.caller, plain.account)).toEqual([
      ['View', 0],
      ['RDP', 0],
      ['SSH', 0],
    ]);
    const application = await siteWith({}, { applicationId: 11 });
    expect(await offersOf(application.caller, application.account)).toContainEqual(['App', 0]);
  });

  test('is listed for those who manage roles, once for all of its accounts', async () => {
    const site = await startSite({ fleet: fleetOf({}, {}), users: USERS });
    const listed: unknown[] = JSON.parse((await (await site.signIn(ADMIN)).get('AccessPolicies')).text);
    expect(listed).toMatchObject([{ AccessPolicyID: policy.id, Name: policy.name }]);
    expect((await (await site.signIn()).get('AccessPolicies')).status).toBe(403);
  });
});

describe('a ticket', () => {
  test.each([
    ['of the default system', { TicketNumber: 'CHG-1' }, { systemId: 1, number: 'CHG-1' }],
    ['of another system', { TicketNumber: 'CHG-1', TicketSystemID: 2 }, { systemId: 2, number: 'CHG-1' }],
    ['of the longest length', { TicketNumber: 'x'.repeat(20) }, { systemId: 1, number: 'x'.repeat(20) }],
    ['that is not given', {}, null],
  ])('%s is kept with the request', async (_what, fields, ticket) => {
    const { site, ask } = await siteWith({});
    expect((await ask(fields)).status).toBe(201);
    expect(site.simulator.openRequests()).toMatchObject([{ ticket }]);
  });

  test.each([
    ['of a system that does not exist', { TicketNumber: 'CHG-1', TicketSystemID: 99 }],
    ['of a system that is not active', { TicketNumber: 'CHG-1', TicketSystemID: 3 }],
    ['that is too long', { TicketNumber: 'x'.repeat(21) }],
  ])('%s is refused', async (_what, fields) => {
    const { site, ask } = await siteWith({});
    expect((await ask(fields)).status).toBe(400);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test.each([
    ['is assigned to the user that requests, in any case', 'PAM-Relay', 201],
    ['is assigned to another user', 'CORP\\alice', 400],
    ['does not exist', undefined, 400],
  ])(
    'that %s is verified by each call that requests, after the delay of its server',
    async (_what, assignee, status) => {
      const waits: number[] = [];
      const assignees: Record<string, string> = assignee === undefined ? {} : { 'CHG-1': assignee };
      const verification = { assignees, delayMs: 5000, unreachable: null };
      const fleet = fleetOf({}, {}, {});
      const [single, many, aliased] = fleet;
      if (single === undefined || many === undefined || aliased === undefined)
        throw new Error('The fleet is too small.');
      const site = await startSite({
        fleet,
        aliases: [{ aliasId: 1, aliasName: 'a', accountIds: [aliased.accountId] }],
        ticketSystems: [{ id: 1, name: 'Service desk', active: true, isDefault: true, verification }],
        sleep: async (ms) => waits.push(ms),
      });
      const caller = await site.signIn();
      const ticket = { TicketNumber: 'CHG-1' };
      const calls = [
        ['Requests', requestFor(single, ticket)],
        ['RequestSets', requestFor(many, { ...ticket, AccessTypes: ['View', 'SSH'] })],
        ['Aliases/1/Requests', { ...ticket, DurationMinutes: 5 }],
      ] as const;
      for (const [path, fields] of calls) expect((await caller.post(path, fields)).status).toBe(status);
      expect(new Set(waits)).toEqual(new Set([5000]));
      expect(site.simulator.openRequests()).toHaveLength(status === 201 ? 4 : 0);
    },
  );

  test('belongs to the system that the policy names if the request names none', async () => {
    const { site, caller, account, ask } = await siteWith({ requireTicket: true, ticketSystemId: 2 });
    const tested = await caller.post('AccessPolicies/Test', requestFor(account));
    expect(JSON.parse(tested.text)).toMatchObject([{ Schedules: [{ RequireTicketSystem: true, TicketSystemID: 2 }] }]);
    expect((await ask()).status).toBe(400);
    expect((await ask({ TicketNumber: 'CHG-1' })).status).toBe(201);
    expect(site.simulator.openRequests()).toMatchObject([{ ticket: { systemId: 2 } }]);
  });

  test('can belong to the listed systems', async () => {
    const site = await startSite({ users: USERS });
    expect(JSON.parse((await (await site.signIn(ADMIN)).get('TicketSystems')).text)).toMatchObject([
      { TicketSystemID: 1, IsActive: true, IsDefaultSystem: true },
      { TicketSystemID: 2, IsActive: true, IsDefaultSystem: false },
      { TicketSystemID: 3, IsActive: false, IsDefaultSystem: false },
    ]);
  });
});

describe('a request set', () => {
  const fields = { AccessTypes: ['View', 'ssh'] };

  test('opens a request for each kind of access, and is listed while they are open', async () => {
    const { site, account, caller } = await siteWith({});
    const answer = await caller.post('RequestSets', requestFor(account, fields));
    const opened = JSON.parse(answer.text);
    expect(answer.status).toBe(201);
    expect(opened).toMatchObject({ Requests: [{ AccessType: 'View' }, { AccessType: 'SSH' }] });
    expect(JSON.parse((await caller.get('RequestSets')).text)).toEqual([opened]);
    expect(await open(caller)).toEqual(opened.Requests);
    site.pass(5 * MINUTE_MS);
    expect((await caller.get('RequestSets')).text).toBe('[]');
  });

  test('shows pending requests to approvers only', async () => {
    const { site, account, caller } = await siteWith({ minApprovers: 1, approvers: 1 });
    await caller.post('RequestSets', requestFor(account, fields));
    const approver = await site.signIn(APPROVER);
    expect(JSON.parse((await approver.get('RequestSets?queue=app&status=pending')).text)).toHaveLength(1);
    expect(await caller.get('RequestSets?queue=app')).toMatchObject({ status: 403, text: '4033' });
  });

  test.each([
    ['of one kind of access', { AccessTypes: ['View'] }, 400],
    ['of the same kind twice', { AccessTypes: ['View', 'view'] }, 400],
    ['of an unknown kind', { AccessTypes: ['View', 'Telnet'] }, 400],
    ['with one that is not allowed', { AccessTypes: ['View', 'App'] }, 400],
    ['for an unknown account', { AccessTypes: ['View', 'SSH'], AccountID: 77 }, 403],
  ])('%s opens nothing', async (_what, more, status) => {
    const { site, account, caller } = await siteWith({});
    expect((await caller.post('RequestSets', requestFor(account, more))).status).toBe(status);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test('opens nothing if one of its requests is already open', async () => {
    const { account, caller, ask } = await siteWith({});
    await ask({ AccessType: 'SSH' });
    expect((await caller.post('RequestSets', requestFor(account, fields))).status).toBe(409);
    expect(await open(caller)).toHaveLength(1);
  });
});
