import { describe, expect, test } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { OTHER, one, open, PENDING_POLICY, USERS } from './request-site.ts';
import { APPLICATION, fleetOf, MINUTE_MS, pickKind, requestFor, startSite } from './site.ts';

describe('opening a request', () => {
  test('returns 201 with a bare number, and lists the request as active', async () => {
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
        TotpEnabled: false,
        TotpParameters: null,
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
  ])('accepts %s', async (_what, body) => {
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
  ])('returns 400 with a sentence for %s', async (_what, fields) => {
    const { fleet, account } = one({ maximumReleaseMinutes: 60 });
    const site = await startSite({ fleet });
    const answer = await (await site.signIn()).post('Requests', requestFor(account, fields));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([400, expect.any(String)]);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  test.each(['', '{', '[]', 'text', '"text"'])('returns 400 for the body %j', async (body) => {
    const site = await startSite();
    const headers = { 'content-type': 'application/json' };
    expect((await (await site.signIn()).call('POST', 'Requests', { headers, body })).status).toBe(400);
  });

  test('returns 400 if the policy requires a reason or a ticket, or has no schedule now', async () => {
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

  test('returns 403 with bare digits for accounts that may not be requested', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 });
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    const plain = pickKind(fleet, 'plain');
    const forbidden = { status: 403, text: '4031' };
    expect(await caller.post('Requests', requestFor(pickKind(fleet, 'not-requestable')))).toMatchObject(forbidden);
    expect(await caller.post('Requests', requestFor(plain, { SystemID: 0 }))).toMatchObject(forbidden);
    expect(await caller.post('Requests', requestFor(plain, { AccountID: 999_999 }))).toMatchObject(forbidden);
  });

  test('returns 4032 to a user who may only approve, and 4035 if approvers are missing', async () => {
    const { fleet, account } = one({ policy: PENDING_POLICY && { ...PENDING_POLICY, approvers: 0 } });
    const onlyApprover: SimulatedUser = { ...OTHER, roles: ['approver'] };
    const site = await startSite({ fleet, users: [APPLICATION, onlyApprover] });
    const [caller, approver] = [await site.signIn(), await site.signIn(onlyApprover)];
    expect(await approver.post('Requests', requestFor(account))).toMatchObject({ status: 403, text: '4032' });
    expect(await approver.get('Requests')).toMatchObject({ status: 403, text: '4032' });
    expect(await caller.post('Requests', requestFor(account))).toMatchObject({ status: 403, text: '4035' });
    expect(await caller.get('Requests?queue=app')).toMatchObject({ status: 403, text: '4033' });
  });

  test('writes special codes in quotes if the site does so', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet, switches: { specialCodes: 'quoted' } });
    const answer = await (await site.signIn()).post('Requests', requestFor(account, { SystemID: 0 }));
    expect(answer.text).toBe('"4031"');
  });
});

describe('a second request for the same account', () => {
  test('by the same user conflicts unless it names a conflict option', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    const answer = await caller.post('Requests', requestFor(account));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([409, expect.stringContaining('conflicting')]);
  });

  test('returns the digits 4091 if the site does so', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet, switches: { conflictBody: 'digits' } });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    expect(await caller.post('Requests', requestFor(account))).toMatchObject({ status: 409, text: '4091' });
  });

  test('with reuse returns 200 and the first request, with its end and reason', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account, { Reason: 'first' }));
    const again = { ConflictOption: 'Reuse', DurationMinutes: 60, Reason: 'second' };
    expect(await caller.post('Requests', requestFor(account, again))).toMatchObject({ status: 200, text: '1' });
    expect(await open(caller)).toMatchObject([{ RequestID: 1, Reason: 'first', ExpiresDate: '2026-03-01T12:05:00' }]);
  });

  test('with reuse but another access type is a separate request', async () => {
    const { fleet, account } = one();
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(account));
    const other = requestFor(account, { ConflictOption: 'reuse', AccessType: 'ssh' });
    expect(await caller.post('Requests', other)).toMatchObject({ status: 201, text: '2' });
    expect((await caller.get('Credentials/2')).status).toBe(403);
  });

  test('with renew ends all requests of the user for that account and opens a new one', async () => {
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

  test('by other users is limited by the account and by its policy, where 0 means no limit', async () => {
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

  test('with reuse while the first is pending conflicts, or is shared if the site does so', async () => {
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
