import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OTHER, one, open, PENDING_POLICY, rows, USERS } from './request-site.ts';
import { APPROVER, fleetOf, MINUTE_MS, requestFor, START, startSite } from './site.ts';

describe('a request that needs approval', () => {
  test('is pending until an approver, whose queue shows it, approves it', async () => {
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

  test('ends later if it is approved late, if the site does so', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY });
    const site = await startSite({ fleet, switches: { lateApprovalExtends: true } });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    site.pass(3 * MINUTE_MS);
    site.simulator.approve(1);
    expect(await open(caller)).toMatchObject([{ ExpiresDate: '2026-03-01T12:08:00' }]);
  });

  test('requires as many different approvers as the policy defines', async () => {
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

  test('ends when it is denied, checked in or expired', async () => {
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
  ])('%s returns 204 and checks in the request', async (_how, path, headers, body) => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect(await caller.call('PUT', path, { headers, body })).toMatchObject({ status: 204, text: '' });
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test('requires no body, and refuses a reason that is too long', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect((await caller.put('Requests/1/Checkin', { Reason: 'x'.repeat(1001) })).status).toBe(400);
    expect((await caller.put('Requests/1/Checkin')).status).toBe(204);
  });

  test('of an ended request returns 404, or 204 if the site does so; an unknown one returns 404', async () => {
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

  test('is allowed only to the owner', async () => {
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

test('an unknown status or queue of the list returns 400', async () => {
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
      if (caller === undefined || target === undefined) throw new Error('The step has no user or no account.');
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
