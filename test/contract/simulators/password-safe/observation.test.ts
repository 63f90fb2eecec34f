import { describe, expect, test } from 'vitest';
import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { APPLICATION, fleetOf, MINUTE_MS, pickKind, requestFor, START, startSite } from './site.ts';

describe('the audit', () => {
  test('records every call by kind, account, request and session, in the order of their effects', async () => {
    const fleet = fleetOf({});
    const account = pickKind(fleet, 'plain');
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.get('ManagedAccounts?limit=1');
    await caller.post('Requests', requestFor(account));
    await caller.get('Requests?status=all');
    await caller.get('Credentials/1');
    site.pass(MINUTE_MS);
    await caller.put('Requests/1/Checkin');
    await caller.call('POST', 'Auth/Signout');
    const shared = {
      secretIds: [],
      at: START,
      user: APPLICATION.userName,
      session: 1,
      tookEffect: true,
      fault: undefined,
    };
    const unrelated = { ...shared, accountIds: [], requestId: undefined };
    const related = { ...shared, accountIds: [account.accountId], requestId: 1 };
    expect(site.simulator.audit).toEqual([
      { ...unrelated, method: 'POST', template: 'Auth/SignAppIn', kind: 'signIn', status: 200 },
      { ...unrelated, method: 'GET', template: 'ManagedAccounts', kind: 'list', status: 200 },
      { ...related, method: 'POST', template: 'Requests', kind: 'request', status: 201 },
      { ...unrelated, method: 'GET', template: 'Requests', kind: 'listRequests', status: 200 },
      { ...related, method: 'GET', template: 'Credentials/{id}', kind: 'credential', status: 200 },
      {
        ...related,
        at: START + MINUTE_MS,
        method: 'PUT',
        template: 'Requests/{id}/Checkin',
        kind: 'checkin',
        status: 204,
      },
      { ...unrelated, at: START + MINUTE_MS, method: 'POST', template: 'Auth/Signout', kind: 'signOut', status: 200 },
    ]);
    expect(JSON.stringify(site.simulator.audit)).not.toMatch(CANARY_PATTERN);
  });
});

describe('the state of the site', () => {
  test('consists of the open requests and sessions of all users', async () => {
    const site = await startSite({ fleet: fleetOf({}) });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(pickKind(fleetOf({}), 'plain'), { Reason: 'mine' }));
    expect(site.simulator.openRequests()).toMatchObject([{ requestId: 1, status: 'active', reason: 'mine' }]);
    expect(site.simulator.openSessions()).toMatchObject([{ number: 1, user: { userName: 'pam-relay' } }]);
    site.pass(20 * MINUTE_MS);
    expect(site.simulator.openRequests()).toEqual([]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  test('contains the credentials, each with its canary, after any number of changes', async () => {
    const site = await startSite({ fleet: createFleet({ accounts: 24, seed: 5 }), seed: 5 });
    const seen = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      for (const { accountId, credential, canary } of site.simulator.accounts()) {
        expect(credential).toContain(canary);
        seen.add(canary);
        site.simulator.changeCredential(accountId);
      }
    }
    expect(seen.size).toBe(24 * 3);
  });

  test('includes decisions of people: approve and deny', async () => {
    const fleet = createFleet({ accounts: 24, seed: 1 });
    const approval = pickKind(fleet, 'approval');
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(approval));
    site.simulator.approve(1);
    expect((await caller.get('Credentials/1')).status).toBe(200);
    site.simulator.deny(1);
    expect((await caller.get('Credentials/1')).status).toBe(404);
    expect(() => site.simulator.approve(2)).toThrow(RangeError);
    expect(() => site.simulator.credentialOf(2)).toThrow(RangeError);
  });
});
