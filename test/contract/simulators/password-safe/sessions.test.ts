import { describe, expect, test } from 'vitest';
import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { OTHER, one, PENDING_POLICY } from './request-site.ts';
import { APPLICATION, APPROVER, type Caller, fleetOf, MINUTE_MS, requestFor, startSite } from './site.ts';

const ISA: SimulatedUser = { ...APPLICATION, roles: ['requestor', 'isa'] };
const GUARD: SimulatedUser = { ...OTHER, userName: 'CORP\\guard', roles: ['global-quarantine'] };
const AUDITOR: SimulatedUser = { ...OTHER, userName: 'CORP\\auditor', roles: ['session-auditor'] };
const USERS = [ISA, APPROVER, GUARD, AUDITOR];

const { fleet, account } = one({ applicationId: 11 });

const open = (fields: Record<string, unknown> = {}, options: Parameters<typeof startSite>[0] = {}) =>
  startSite({ fleet, users: USERS, ...options }).then(async (site) => {
    const caller = await site.signIn(ISA);
    expect((await caller.post('Requests', requestFor(account, { AccessType: 'SSH', ...fields }))).status).toBe(201);
    return { site, caller };
  });

const ticketOf = async (caller: Caller, SessionType = 'sshticket') => {
  const answer = await caller.post('Requests/1/Sessions', { SessionType });
  expect(answer.status).toBe(201);
  const ticket: { Ticket: string; SessionID: number } = JSON.parse(answer.text);
  return ticket;
};

const statusesSeen = async (caller: Caller, query = '') => {
  const rows: { Status: number }[] = JSON.parse((await caller.get(`Sessions${query}`)).text);
  return rows.map(({ Status }) => Status);
};

describe('opening a session by a request', () => {
  test.each(['SSH', 'sshticket', 'SshTicket'])(
    'returns a ticket for %s, with its port as text',
    async (SessionType) => {
      const { caller } = await open();
      const answer = await caller.post('Requests/1/Sessions', { SessionType });
      const { Ticket, Host, Port, ...rest } = JSON.parse(answer.text);
      expect([answer.status, typeof Port, CANARY_PATTERN.test(Ticket)]).toEqual([201, 'string', true]);
      expect(rest).toEqual({
        ID: '1',
        SessionID: 1,
        NodeID: expect.any(String),
        TicketAtHost: `${Ticket}@${Host}`,
        Link: `ssh://${Ticket}@${Host}:${Port}`,
        Command: `ssh -p ${Port} ${Ticket}@${Host}`,
      });
    },
  );

  test.each([
    ['RDP', 'RDP'],
    ['RDP', 'rdpticket'],
    ['App', 'app'],
  ])('returns a ticket without the fields of SSH for %s by %s', async (AccessType, SessionType) => {
    const { caller } = await open({ AccessType, ApplicationID: 11 });
    const answer = await caller.post('Requests/1/Sessions', { SessionType });
    expect(Object.keys(JSON.parse(answer.text)).sort()).toEqual([
      'Host',
      'ID',
      'NodeID',
      'Port',
      'SessionID',
      'Ticket',
    ]);
  });

  test.each([
    ['RDP', 'rdpfile'],
    ['App', 'appfile'],
  ])('returns a file with the ticket as an attachment for %s by %s', async (AccessType, SessionType) => {
    const { site, caller } = await open({ AccessType, ApplicationID: 11 });
    const answer = await caller.post('Requests/1/Sessions', { SessionType });
    expect([answer.status, answer.headers['content-type']]).toEqual([201, 'application/octet-stream']);
    expect(answer.headers['content-disposition']).toMatch(/^attachment; filename=.*\.rdp$/);
    expect(answer.text).toContain(`username:s:${site.simulator.sessions()[0]?.ticket}\r\n`);
  });

  test.each(['rdpticket', 'appfile', 'telnet', ''])('returns 400 for %j, which is not for SSH', async (SessionType) => {
    const { site, caller } = await open();
    expect((await caller.post('Requests/1/Sessions', { SessionType })).status).toBe(400);
    expect(site.simulator.sessions()).toEqual([]);
  });

  test('is available to the owner of an active request', async () => {
    const site = await startSite({ fleet: fleetOf({}, { policy: PENDING_POLICY }), users: USERS });
    const [active, pending] = site.simulator.accounts();
    if (active === undefined || pending === undefined) throw new Error('The fleet is too small.');
    const [caller, other] = [await site.signIn(ISA), await site.signIn(APPROVER)];
    for (const each of [active, pending]) await caller.post('Requests', requestFor(each, { AccessType: 'SSH' }));
    const ask = (who: Caller, id: number) => who.post(`Requests/${id}/Sessions`, { SessionType: 'SSH' });
    expect(await ask(other, 1)).toMatchObject({ status: 403, text: '4031' });
    expect(await ask(caller, 2)).toMatchObject({ status: 403, text: '4034' });
    expect((await ask(caller, 77)).status).toBe(404);
    await caller.put('Requests/1/Checkin');
    expect(await ask(caller, 1)).toMatchObject({
      status: 404,
      text: '"Request has been released or is expired"',
    });
  });

  test('creates another ticket each time', async () => {
    const { caller } = await open();
    const [first, second] = [await ticketOf(caller), await ticketOf(caller)];
    expect([first.SessionID, second.SessionID]).toEqual([1, 2]);
    expect(first.Ticket).not.toBe(second.Ticket);
  });
});

describe('a session', () => {
  test('begins with its ticket, which can be used once', async () => {
    const { site, caller } = await open();
    const { Ticket } = await ticketOf(caller);
    expect(await statusesSeen(caller)).toEqual([0]);
    expect([site.simulator.connect(Ticket), site.simulator.connect(Ticket), site.simulator.connect('x')]).toEqual([
      true,
      false,
      false,
    ]);
    site.pass(MINUTE_MS);
    expect(JSON.parse((await caller.get('Sessions/1')).text)).toMatchObject({
      Status: 1,
      Protocol: 1,
      Duration: 60,
      StartTime: '2026-03-01T12:00:00',
      EndTime: null,
      RequestID: 1,
      ManagedAccountID: account.accountId,
      SessionType: 'SSH',
    });
  });

  test('that has not begun ends with its request', async () => {
    const { site, caller } = await open();
    const { Ticket } = await ticketOf(caller);
    await caller.put('Requests/1/Checkin');
    expect(site.simulator.connect(Ticket)).toBe(false);
    expect(await statusesSeen(caller)).toEqual([2]);
  });

  test.each([
    [false, 1],
    [true, 8],
  ])('that is in progress outlives its request unless the policy ends it: %s', async (endsSessions, status) => {
    const strict = account.policy && { ...account.policy, endsSessions };
    const { site, caller } = await open({}, { fleet: [{ ...account, policy: strict }] });
    site.simulator.connect((await ticketOf(caller)).Ticket);
    site.pass(5 * MINUTE_MS);
    expect(await statusesSeen(caller)).toEqual([status]);
  });

  test('is locked and terminated by a user with the permission', async () => {
    const { site, caller } = await open();
    site.simulator.connect((await ticketOf(caller)).Ticket);
    const [guard, approver] = [await site.signIn(GUARD), await site.signIn(APPROVER)];
    expect((await approver.post('Sessions/1/Terminate', {})).status).toBe(403);
    expect((await guard.call('POST', 'Sessions/1/Lock')).status).toBe(204);
    expect(await statusesSeen(caller)).toEqual([5]);
    expect((await guard.call('POST', 'Sessions/1/Terminate')).status).toBe(204);
    expect(await statusesSeen(caller)).toEqual([8]);
    expect((await guard.call('POST', 'Sessions/1/Terminate')).status).toBe(404);
    site.simulator.switches.finishedTerminate = 204;
    expect((await guard.call('POST', 'Sessions/1/Terminate')).status).toBe(204);
    expect((await guard.call('POST', 'Sessions/77/Terminate')).status).toBe(404);
  });
});

describe('listing sessions', () => {
  test('is available to reviewers, and filters by status and user', async () => {
    const { site, caller } = await open();
    site.simulator.connect((await ticketOf(caller)).Ticket);
    await ticketOf(caller);
    const auditor = await site.signIn(AUDITOR);
    expect(await statusesSeen(auditor)).toEqual([1, 0]);
    expect(await statusesSeen(auditor, '?status=0')).toEqual([0]);
    expect(await statusesSeen(auditor, '?status=1,5,9')).toEqual([1]);
    expect(await statusesSeen(auditor, '?userID=1')).toEqual([1, 0]);
    expect(await statusesSeen(auditor, '?userID=2')).toEqual([]);
    expect((await auditor.get('Sessions?status=open')).status).toBe(400);
    expect((await auditor.get('Sessions/77')).status).toBe(404);
    const approver = await site.signIn(APPROVER);
    expect([(await approver.get('Sessions')).status, (await approver.get('Sessions/1')).status]).toEqual([403, 403]);
  });

  test('shows no ticket', async () => {
    const { caller } = await open();
    const { Ticket } = await ticketOf(caller);
    expect((await caller.get('Sessions')).text).not.toContain(Ticket);
  });
});

describe('an ISA session', () => {
  test('requires no request, and ends after its duration', async () => {
    const site = await startSite({ fleet, users: USERS });
    const caller = await site.signIn(ISA);
    const answer = await caller.post('ISASessions', requestFor(account, { SessionType: 'rdpticket' }));
    expect(answer.status).toBe(201);
    expect(site.simulator.openRequests()).toEqual([]);
    expect(JSON.parse((await caller.get('Sessions')).text)).toMatchObject([{ RequestID: null, Protocol: 0 }]);
    site.pass(5 * MINUTE_MS);
    expect(site.simulator.connect(JSON.parse(answer.text).Ticket)).toBe(false);
  });

  test('is available to users and accounts with that role', async () => {
    const [closed = account] = fleetOf({ isaAccess: false });
    const site = await startSite({ fleet: [closed, { ...account, accountId: 7, systemId: 7 }], users: USERS });
    const forbidden = { status: 403, text: '4031' };
    const fields = { SessionType: 'SSH' };
    const [isa, approver] = [await site.signIn(ISA), await site.signIn(APPROVER)];
    expect(await isa.post('ISASessions', requestFor(closed, fields))).toMatchObject(forbidden);
    expect(await approver.post('ISASessions', { ...fields, SystemID: 7, AccountID: 7 })).toMatchObject(forbidden);
    expect((await isa.post('ISASessions', { SessionType: 'app', SystemID: 7, AccountID: 7 })).status).toBe(400);
  });
});

describe('a quarantine', () => {
  const paths = [`ManagedAccounts/${account.accountId}`, `ManagedSystems/${account.systemId}`, 'Users/1'];

  test.each(paths)('ends the active requests of %s', async (path) => {
    const { site } = await open();
    const guard = await site.signIn(GUARD);
    expect((await guard.post(`${path}7/Requests/Terminate`, {})).status).toBe(204);
    expect(site.simulator.openRequests()).toHaveLength(1);
    expect((await guard.post(`${path}/Requests/Terminate`, { Reason: 'an incident' })).status).toBe(204);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test('leaves pending requests to the approvers', async () => {
    const { site } = await open({}, { fleet: [{ ...account, policy: PENDING_POLICY }] });
    await (await site.signIn(GUARD)).post(`${paths[0]}/Requests/Terminate`, {});
    expect(site.simulator.openRequests()).toMatchObject([{ status: 'pending' }]);
  });

  test.each(paths.slice(0, 2))('locks and ends the sessions of %s', async (path) => {
    const { site, caller } = await open();
    site.simulator.connect((await ticketOf(caller)).Ticket);
    const guard = await site.signIn(GUARD);
    expect((await guard.post(`${path}/Sessions/Lock`, {})).status).toBe(204);
    expect(await statusesSeen(caller)).toEqual([5]);
    expect((await guard.post(`${path}/Sessions/Terminate`, {})).status).toBe(204);
    expect(await statusesSeen(caller)).toEqual([8]);
  });

  test('is not allowed to a requestor or a user with the ISA role', async () => {
    const { site, caller } = await open();
    for (const path of paths) expect((await caller.post(`${path}/Requests/Terminate`, {})).status).toBe(403);
    expect((await caller.post(`${paths[0]}/Sessions/Terminate`, {})).status).toBe(403);
    expect(site.simulator.openRequests()).toHaveLength(1);
  });
});
