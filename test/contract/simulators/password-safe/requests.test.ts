import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import {
  type Answer,
  APPLICATION,
  APPROVER,
  type Caller,
  fleetOf,
  MINUTE_MS,
  pickKind,
  requestFor,
  START,
  startSite,
} from './site.ts';

const OTHER: SimulatedUser = { ...APPROVER, userName: 'CORP\\bob', apiKey: { key: 'simulated2'.repeat(13) } };
const USERS = [APPLICATION, APPROVER, OTHER];
const PENDING_POLICY = pickKind(createFleet({ accounts: 24, seed: 1 }), 'approval').policy;

const one = (overrides: Partial<FleetAccount> = {}) => {
  const fleet = fleetOf(overrides);
  return { fleet, account: pickKind(fleet, 'plain') };
};
const rows = (answer: Answer): { RequestID: number }[] => JSON.parse(answer.text);
const open = async (caller: Caller) => rows(await caller.get('Requests'));

describe('opening a request', () => {
  test('answers 201 with a bare number, and lists the request as active', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    const answer = await caller.post('Requests', requestFor(account, { Reason: 'why [mark]' }));
    expect([answer.status, answer.text]).toEqual([201, '1']);
    expect(await open(caller)).toEqual([
      {
        RequestID: 1,
        SystemID: account.systemId,
        SystemName: account.systemName,
        ManagedSystemName: account.systemName,
        AccountID: account.accountId,
        AccountName: account.accountName,
        DomainName: null,
        AliasID: null,
        ApplicationID: null,
        RequestReleaseDate: '2026-03-01T12:00:00',
        ApprovedDate: '2026-03-01T12:00:00',
        CanceledDate: null,
        ExpiresDate: '2026-03-01T12:05:00',
        Status: 'Active',
        AccessType: 'View',
        Reason: 'why [mark]',
        RequestorUserID: 1,
        RequestorName: 'pam-relay',
        APIOnlyAccess: false,
      },
    ]);
  });

  test.each([
    [
      'names in any case, numbers as text',
      (s: number, a: number) => `{"systemid":"${s}","accountID":${a},"durationMinutes":"5"}`,
    ],
    ['a Python dictionary', (s: number, a: number) => `{'SystemID': ${s}, 'AccountID': ${a}, 'DurationMinutes': 5}`],
    [
      'unknown names and nulls',
      (s: number, a: number) => `{"SystemID":${s},"AccountID":${a},"DurationMinutes":5,"Nope":1,"Reason":null}`,
    ],
  ])('takes %s', async (_what, body) => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    const headers = { 'content-type': 'application/json' };
    const answer = await caller.call('POST', 'Requests', { headers, body: body(account.systemId, account.accountId) });
    expect(answer.status).toBe(201);
  });

  test.each([
    ['no duration', { DurationMinutes: null }],
    ['a duration of 0', { DurationMinutes: 0 }],
    ['a duration of more than a year', { DurationMinutes: 525_601 }],
    ['a reason of 1,001 characters', { Reason: 'x'.repeat(1001) }],
    ['an unknown access type', { AccessType: 'Telnet' }],
    ['an unknown conflict option', { ConflictOption: 'steal' }],
    ['an application access without the application', { AccessType: 'App' }],
    ['more than the account grants', { DurationMinutes: 61 }],
  ])('answers 400 with a sentence to %s', async (_what, fields) => {
    const { fleet, account } = one({ maximumReleaseMinutes: 60 });
    const site = await startSite({ fleet });
    const answer = await (await site.signIn()).post('Requests', requestFor(account, fields));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([400, expect.any(String)]);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test.each(['', '{', '[]', 'text', '"text"'])('answers 400 to the body %j', async (body) => {
    const site = await startSite();
    const headers = { 'content-type': 'application/json' };
    expect((await (await site.signIn()).call('POST', 'Requests', { headers, body })).status).toBe(400);
  });

  test('answers 400 when the policy asks for a reason or a ticket, or has no schedule now', async () => {
    const { policy } = one().account;
    if (policy === null) throw new Error('The account has no policy.');
    const fleet = fleetOf(
      { policy: { ...policy, requireReason: true } },
      { policy: { ...policy, requireTicket: true } },
      { policy: null },
    );
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    for (const account of fleet) {
      expect((await caller.post('Requests', requestFor(account, { Reason: ' ' }))).status).toBe(400);
    }
    const [reasoned, ticketed] = fleet;
    if (reasoned === undefined || ticketed === undefined) throw new Error('The fleet is too small.');
    expect((await caller.post('Requests', requestFor(reasoned))).status).toBe(201);
    expect((await caller.post('Requests', requestFor(ticketed, { TicketNumber: 'T-1' }))).status).toBe(201);
  });

  test('answers 403 with bare digits to what may not be requested', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 });
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    const plain = pickKind(fleet, 'plain');
    const forbidden = { status: 403, text: '4031' };
    expect(await caller.post('Requests', requestFor(pickKind(fleet, 'not-requestable')))).toMatchObject(forbidden);
    expect(await caller.post('Requests', requestFor(plain, { SystemID: 0 }))).toMatchObject(forbidden);
    expect(await caller.post('Requests', requestFor(plain, { AccountID: 999_999 }))).toMatchObject(forbidden);
  });

  test('answers 4032 to a user who may only approve, and 4035 where approvers are missing', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY && { ...PENDING_POLICY, approvers: 0 } });
    const onlyApprover: SimulatedUser = { ...OTHER, roles: ['approver'] };
    const site = await startSite({ fleet, users: [APPLICATION, onlyApprover] });
    const [caller, approver] = [await site.signIn(), await site.signIn(onlyApprover)];
    expect(await approver.post('Requests', requestFor(account))).toMatchObject({ status: 403, text: '4032' });
    expect(await approver.get('Requests')).toMatchObject({ status: 403, text: '4032' });
    expect(await caller.post('Requests', requestFor(account))).toMatchObject({ status: 403, text: '4035' });
    expect(await caller.get('Requests?queue=app')).toMatchObject({ status: 403, text: '4033' });
  });

  test('writes special codes in quotes where the site does so', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet, switches: { specialCodes: 'quoted' } });
    const answer = await (await site.signIn()).post('Requests', requestFor(account, { SystemID: 0 }));
    expect(answer.text).toBe('"4031"');
  });
});

describe('a second request for the same account', () => {
  test('by the same user conflicts unless it says what to do', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    const answer = await caller.post('Requests', requestFor(account));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([409, expect.stringContaining('conflicting')]);
  });

  test('answers the digits 4091 where the site does so', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet, switches: { conflictBody: 'digits' } });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect(await caller.post('Requests', requestFor(account))).toMatchObject({ status: 409, text: '4091' });
  });

  test('with reuse gets 200 and the first, whose end and reason stay', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account, { Reason: 'first' }));
    const again = { ConflictOption: 'Reuse', DurationMinutes: 60, Reason: 'second' };
    expect(await caller.post('Requests', requestFor(account, again))).toMatchObject({ status: 200, text: '1' });
    expect(await open(caller)).toMatchObject([{ RequestID: 1, Reason: 'first', ExpiresDate: '2026-03-01T12:05:00' }]);
  });

  test('with reuse but of another access type is a request of its own', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    const other = requestFor(account, { ConflictOption: 'reuse', AccessType: 'ssh' });
    expect(await caller.post('Requests', other)).toMatchObject({ status: 201, text: '2' });
    expect((await caller.get('Credentials/2')).status).toBe(403);
  });

  test('with renew ends all of the user on that account and gets a new one', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    await caller.post('Requests', requestFor(account, { AccessType: 'SSH' }));
    const renewed = await caller.post('Requests', requestFor(account, { ConflictOption: 'renew' }));
    expect(renewed).toMatchObject({ status: 201, text: '3' });
    expect((await open(caller)).map((row) => row.RequestID)).toEqual([3]);
    expect((await caller.get('Credentials/1')).status).toBe(404);
  });

  test('by other users is bounded by the account and by its policy, where 0 is no bound', async () => {
    const { policy } = one().account;
    if (policy === null) throw new Error('The account has no policy.');
    const statuses = async (maxConcurrentRequests: number, maxConcurrent: number): Promise<number[]> => {
      const { fleet, account } = one({ maxConcurrentRequests, policy: { ...policy, maxConcurrent } });
      const site = await startSite({ fleet, users: USERS });
      const answers: number[] = [];
      for (const user of USERS) {
        const caller = await site.signIn(user);
        answers.push((await caller.post('Requests', requestFor(account, { ConflictOption: 'renew' }))).status);
      }
      return answers;
    };
    expect(await statuses(1, 0)).toEqual([201, 409, 409]);
    expect(await statuses(2, 0)).toEqual([201, 201, 409]);
    expect(await statuses(0, 2)).toEqual([201, 201, 409]);
    expect(await statuses(0, 0)).toEqual([201, 201, 201]);
  });

  test('with reuse while the first is pending conflicts, or is shared where the site does so', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY });
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    const again = requestFor(account, { ConflictOption: 'reuse' });
    expect((await caller.post('Requests', again)).status).toBe(409);
    site.simulator.switches.reusePending = 200;
    expect(await caller.post('Requests', again)).toMatchObject({ status: 200, text: '1' });
  });

  test('is possible as soon as the first has expired', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    site.pass(5 * MINUTE_MS - 1);
    expect((await caller.post('Requests', requestFor(account))).status).toBe(409);
    site.pass(1);
    expect((await caller.post('Requests', requestFor(account))).status).toBe(201);
  });
});

describe('a request that needs approval', () => {
  test('is pending until an approver lets it through, whose queue shows it', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY });
    const site = await startSite({ fleet });
    const [caller, approver] = [await site.signIn(), await site.signIn(APPROVER)];
    expect((await caller.post('Requests', requestFor(account))).status).toBe(201);
    expect(rows(await caller.get('Requests?status=pending'))).toMatchObject([
      { Status: 'Pending', ApprovedDate: null },
    ]);
    expect(rows(await caller.get('Requests?status=active'))).toEqual([]);
    expect(await caller.get('Credentials/1')).toMatchObject({ status: 403, text: '4034' });
    expect(rows(await approver.get('Requests?queue=app'))).toHaveLength(1);
    site.pass(MINUTE_MS);
    expect((await approver.put('Requests/1/Approve', { Reason: 'fine' })).status).toBe(204);
    expect(rows(await caller.get('Requests?status=active'))).toMatchObject([
      { Status: 'Active', ApprovedDate: '2026-03-01T12:01:00', ExpiresDate: '2026-03-01T12:05:00' },
    ]);
    expect(rows(await approver.get('Requests?queue=app'))).toHaveLength(1);
    expect((await caller.get('Credentials/1')).status).toBe(200);
  });

  test('ends later when it is approved late, where the site does so', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY });
    const site = await startSite({ fleet, switches: { lateApprovalExtends: true } });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    site.pass(3 * MINUTE_MS);
    site.simulator.approve(1);
    expect(await open(caller)).toMatchObject([{ ExpiresDate: '2026-03-01T12:08:00' }]);
  });

  test('takes as many different approvers as the policy says', async () => {
    const { fleet, account } = one({
      policy: PENDING_POLICY && { ...PENDING_POLICY, minApprovers: 2, approvers: 2 },
    });
    const site = await startSite({ fleet, users: USERS });
    const caller = await site.signIn();
    const approvers = [await site.signIn(APPROVER), await site.signIn(OTHER)];
    await caller.post('Requests', requestFor(account));
    await approvers[0]?.put('Requests/1/Approve');
    await approvers[0]?.put('Requests/1/Approve');
    expect(await open(caller)).toMatchObject([{ Status: 'Pending' }]);
    await approvers[1]?.put('Requests/1/Approve');
    expect(await open(caller)).toMatchObject([{ Status: 'Active' }]);
  });

  test('is approved neither by its owner nor by a user without that role', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY });
    const site = await startSite({ fleet });
    const [caller, approver] = [await site.signIn(), await site.signIn(APPROVER)];
    await approver.post('Requests', requestFor(account));
    expect(await approver.get('Requests?queue=app')).toMatchObject({ status: 200, text: '[]' });
    expect(await approver.put('Requests/1/Approve')).toMatchObject({ status: 403, text: '4031' });
    expect(await caller.put('Requests/1/Approve')).toMatchObject({ status: 403, text: '4033' });
  });

  test('is over when it is denied, checked in, or its time is up', async () => {
    const fleet = fleetOf({ policy: PENDING_POLICY }, { policy: PENDING_POLICY }, { policy: PENDING_POLICY });
    const site = await startSite({ fleet });
    const [caller, approver] = [await site.signIn(), await site.signIn(APPROVER)];
    for (const account of fleet) await caller.post('Requests', requestFor(account));
    expect((await approver.put('Requests/1/Deny', { Reason: 'no' })).status).toBe(204);
    expect((await caller.put('Requests/2/Checkin')).status).toBe(204);
    site.pass(5 * MINUTE_MS);
    expect(await open(caller)).toEqual([]);
    expect((await approver.put('Requests/3/Approve')).status).toBe(404);
    for (const id of [1, 2, 3]) {
      expect(await caller.get(`Credentials/${id}`)).toMatchObject({
        status: 404,
        text: '"Request has been released or is expired"',
      });
    }
  });
});

describe('checking in', () => {
  test.each([
    ['with an empty object', 'Requests/1/checkin', { 'content-type': 'application/json' }, '{}'],
    ['with a reason', 'Requests/1/Checkin/', { 'content-type': 'application/json' }, '{"reason":"done"}'],
    ['with a form', 'requests/1/CheckIn', { 'content-type': 'application/x-www-form-urlencoded' }, 'Reason=done'],
    ['by the old form', 'Requests/Release/1', { 'content-type': 'application/json' }, '{}'],
  ])('%s answers 204 and gives the request back', async (_how, path, headers, body) => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect(await caller.call('PUT', path, { headers, body })).toMatchObject({ status: 204, text: '' });
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test('needs no body at all, but not a reason that is too long', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect((await caller.put('Requests/1/Checkin', { Reason: 'x'.repeat(1001) })).status).toBe(400);
    expect((await caller.put('Requests/1/Checkin')).status).toBe(204);
  });

  test('of a request that is over answers 404, or 204 where the site does so; an unknown one is 404', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    await caller.put('Requests/1/Checkin');
    expect((await caller.put('Requests/1/Checkin')).status).toBe(404);
    site.simulator.switches.finishedCheckIn = 204;
    expect((await caller.put('Requests/1/Checkin')).status).toBe(204);
    expect((await caller.put('Requests/77/Checkin')).status).toBe(404);
  });

  test('is for the owner only', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    await (await site.signIn()).post('Requests', requestFor(account));
    const other = await site.signIn(APPROVER);
    expect(await other.put('Requests/1/Checkin')).toMatchObject({ status: 403, text: '4031' });
    expect(await other.put('Requests/1/RotateOnCheckin')).toMatchObject({ status: 403, text: '4031' });
    expect(await other.get('Credentials/1')).toMatchObject({ status: 403, text: '4031' });
    expect(await other.get('Requests')).toMatchObject({ status: 200, text: '[]' });
  });
});

test('an unknown status or queue of the list answers 400', async () => {
  const site = await startSite();
  const caller = await site.signIn();
  expect((await caller.get('Requests?status=done')).status).toBe(400);
  expect((await caller.get('Requests?queue=all')).status).toBe(400);
});

describe('whatever users do', () => {
  interface Step {
    readonly act: string;
    readonly user: number;
    readonly account: number;
    readonly minutes: number;
  }
  const step: fc.Arbitrary<Step> = fc.record({
    act: fc.constantFrom('open', 'reuse', 'renew', 'checkin', 'approve', 'wait'),
    user: fc.nat({ max: USERS.length - 1 }),
    account: fc.nat({ max: 2 }),
    minutes: fc.integer({ min: 1, max: 9 }),
  });

  test('no user ever holds two requests for one account, and caps hold', async () => {
    const overrides = [{}, { maxConcurrentRequests: 2 }, { policy: PENDING_POLICY }];
    const fleet = fleetOf(...overrides);
    const site = await startSite({ fleet, users: USERS, switches: { sessionIdleMinutes: 1e6 } });
    const callers = await Promise.all(USERS.map((user) => site.signIn(user)));
    const play = async ({ act, user, account, minutes }: Step) => {
      const [caller, target] = [callers[user], fleet[account]];
      if (caller === undefined || target === undefined) throw new Error('The step names nobody or nothing.');
      const held = site.simulator.openRequests().find((request) => request.account.row === target);
      if (act === 'wait') return site.pass(minutes * MINUTE_MS);
      if (act === 'approve') return held && site.simulator.approve(held.requestId);
      if (act === 'checkin') return held && caller.put(`Requests/${held.requestId}/Checkin`);
      const option = act === 'open' ? {} : { ConflictOption: act };
      return caller.post('Requests', requestFor(target, { ...option, DurationMinutes: minutes }));
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        for (const next of steps) {
          await play(next);
          const held = site.simulator
            .openRequests()
            .map(({ user, account }) => `${account.row.accountId} ${user.userName}`);
          expect(new Set(held).size).toBe(held.length);
          fleet.forEach(({ accountId, maxConcurrentRequests }) => {
            expect(held.filter((key) => key.startsWith(`${accountId} `)).length).toBeLessThanOrEqual(
              maxConcurrentRequests,
            );
          });
        }
      }),
      { numRuns: 30 },
    );
    expect(site.now()).toBeGreaterThan(START);
  });
});
