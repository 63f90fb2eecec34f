import { describe, expect, test } from 'vitest';
import type { CredentialShape } from '#local/simulators/password-safe/credential-shapes.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import {
  APPLICATION,
  APPROVER,
  fleetOf,
  MINUTE_MS,
  pickKind,
  requestFor,
  START,
  startSite,
  type TestSite,
} from './site.ts';

const DELAY_MS = 30_000;
const FLEET = createFleet({ accounts: 24, seed: 1 });
const ROTATING = pickKind(FLEET, 'rotating');
const PLAIN = pickKind(FLEET, 'plain');
const CHANGING = pickKind(FLEET, 'changing');
const KEY = FLEET.find((account) => account.credentialShape === 'key') ?? PLAIN;
const MANAGER: SimulatedUser = { ...APPLICATION, roles: ['requestor', 'isa', 'account-management'] };

const rowOf = async (site: TestSite, { systemName, accountName }: FleetAccount, user: SimulatedUser = APPLICATION) => {
  const caller = await site.signIn(user);
  const names = new URLSearchParams({ systemName, accountName });
  return JSON.parse((await caller.get(`ManagedAccounts?${names}`)).text);
};

/** Opens a request, passes a minute, and checks it in. */
const release = async (site: TestSite, account: FleetAccount, fields: Record<string, unknown> = {}): Promise<void> => {
  const caller = await site.signIn();
  const { text } = await caller.post('Requests', requestFor(account, fields));
  site.pass(MINUTE_MS);
  await caller.put(`Requests/${text}/Checkin`);
};

describe('reading a credential', () => {
  test.each(['plain', 'quoted', 'key', 'blanks', 'long'] satisfies CredentialShape[])(
    'gives a JSON string that holds it to the last byte: %s',
    async (shape) => {
      const account = FLEET.find((candidate) => candidate.credentialShape === shape);
      if (account === undefined) throw new Error('The fleet has no such credential.');
      const site = await startSite({ fleet: FLEET });
      const caller = await site.signIn();
      await caller.post('Requests', requestFor(account));
      const [first, again] = [await caller.get('Credentials/1'), await caller.get('credentials/1/?type=Password')];
      expect(first.status).toBe(200);
      expect(JSON.parse(first.text)).toBe(account.credential);
      expect(again.text).toBe(first.text);
      expect(site.simulator.credentialOf(account.accountId)).toBe(account.credential);
    },
  );

  test('returns a key and its passphrase by type, and 404 if there is none', async () => {
    const site = await startSite({ fleet: [KEY, PLAIN, { ...PLAIN, accountId: 7, dssKey: 'openssh' }] });
    const caller = await site.signIn();
    for (const accountId of [KEY.accountId, PLAIN.accountId, 7]) {
      const { systemId } = accountId === KEY.accountId ? KEY : PLAIN;
      await caller.post('Requests', requestFor({ ...PLAIN, systemId, accountId }));
    }
    const read = async (request: number, type: string) => {
      const { status, text } = await caller.get(`Credentials/${request}?type=${type}`);
      return status === 200 ? JSON.parse(text) : status;
    };
    expect(await read(1, 'dsskey')).toContain(KEY.canary);
    expect(await read(1, 'dsskey')).toContain('ENCRYPTED');
    expect(await read(1, 'passphrase')).toContain(KEY.canary);
    expect(await read(2, 'dsskey')).toBe(404);
    expect(await read(3, 'dsskey')).toContain('OPENSSH');
    expect(await read(3, 'passphrase')).toBe(404);
    expect(await read(1, 'pin')).toBe(400);
  });

  test('returns 404 for an unknown request', async () => {
    const site = await startSite();
    expect((await (await site.signIn()).get('Credentials/77')).status).toBe(404);
  });
});

describe('the change after a release', () => {
  test('follows the check-in after a while: queued, changing, done', async () => {
    const site = await startSite({ fleet: FLEET, switches: { dateFormat: 'Z' } });
    await release(site, ROTATING, { RotateOnCheckin: false });
    const steps = [0, DELAY_MS / 2, DELAY_MS / 2 - 1, 1];
    const seen: unknown[] = [];
    for (const step of steps) {
      site.pass(step);
      const { ChangeState, IsChanging } = await rowOf(site, ROTATING);
      seen.push([ChangeState, IsChanging, site.simulator.credentialOf(ROTATING.accountId) === ROTATING.credential]);
    }
    expect(seen).toEqual([
      [2, true, true],
      [1, true, true],
      [1, true, true],
      [0, false, false],
    ]);
    expect((await rowOf(site, ROTATING)).LastChangeDate).toBe('2026-03-01T12:01:30Z');
    expect(site.simulator.credentialOf(ROTATING.accountId)).toMatch(/canary-[0-9a-f]{24}/);
  });

  test.each([
    ['RotateOnCheckin false, where the policy lets the caller say so', PLAIN, { RotateOnCheckin: false }, false],
    ['RotateOnCheckin false, where the policy does not', ROTATING, { RotateOnCheckin: false }, true],
    ['RotateOnCheckin true', PLAIN, { RotateOnCheckin: true }, true],
    ['nothing said', PLAIN, {}, true],
  ])('with %s', async (_what, account, fields, changes) => {
    const site = await startSite({ fleet: FLEET });
    await release(site, account, fields);
    site.pass(DELAY_MS);
    expect(site.simulator.credentialOf(account.accountId) !== account.credential).toBe(changes);
  });

  test('does not happen for an account that never changes after a release', async () => {
    const [account = PLAIN] = fleetOf({ changesAfterRelease: false });
    const site = await startSite({ fleet: [account] });
    await release(site, account);
    site.pass(DELAY_MS);
    expect(site.simulator.credentialOf(account.accountId)).toBe(account.credential);
  });

  test('happens if RotateOnCheckin is set later', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    await caller.post('Requests', requestFor(PLAIN, { RotateOnCheckin: false }));
    expect((await caller.put('Requests/1/RotateOnCheckin')).status).toBe(204);
    await caller.put('Requests/1/Checkin');
    site.pass(DELAY_MS);
    expect(site.simulator.credentialOf(PLAIN.accountId)).not.toBe(PLAIN.credential);
    expect((await caller.put('Requests/1/RotateOnCheckin')).status).toBe(404);
  });

  test('starts at the end of a request that expired, even without a call in between', async () => {
    const site = await startSite({ fleet: FLEET, switches: { dateFormat: 'Z' } });
    await (await site.signIn()).post('Requests', requestFor(PLAIN));
    site.pass(24 * 60 * MINUTE_MS);
    expect((await rowOf(site, PLAIN)).LastChangeDate).toBe('2026-03-01T12:05:30Z');
  });

  test('does not follow a request that was never approved', async () => {
    const approval = pickKind(FLEET, 'approval');
    const site = await startSite({ fleet: FLEET });
    await release(site, approval);
    site.pass(DELAY_MS);
    expect(site.simulator.credentialOf(approval.accountId)).toBe(approval.credential);
  });

  test('takes as long, and fails as often, as the site is configured to', async () => {
    const slow = await startSite({ fleet: FLEET, switches: { changeDelayMs: 10 * MINUTE_MS } });
    await release(slow, PLAIN);
    slow.pass(10 * MINUTE_MS - 1);
    expect(slow.simulator.credentialOf(PLAIN.accountId)).toBe(PLAIN.credential);
    const failing = await startSite({ fleet: FLEET, switches: { changeFailureRate: 1 } });
    await release(failing, PLAIN);
    failing.pass(DELAY_MS);
    expect(failing.simulator.accounts().find(({ accountId }) => accountId === PLAIN.accountId)).toMatchObject({
      credential: PLAIN.credential,
      lastChangedAt: PLAIN.lastChangedAt,
      changeState: 0,
    });
  });

  test('never ends for the account that is changing for ever', async () => {
    const site = await startSite({ fleet: FLEET });
    await release(site, CHANGING);
    site.pass(60 * MINUTE_MS);
    expect(await rowOf(site, CHANGING)).toMatchObject({ ChangeState: 1, IsChanging: true });
    expect(site.simulator.credentialOf(CHANGING.accountId)).toBe(CHANGING.credential);
  });
});

describe('changing a credential', () => {
  const path = `ManagedAccounts/${PLAIN.accountId}/Credentials/Change`;

  test('happens immediately, or when the agent processes it', async () => {
    const site = await startSite({ fleet: FLEET, users: [MANAGER] });
    const caller = await site.signIn(MANAGER);
    expect((await caller.post(path, {})).status).toBe(204);
    const changed = site.simulator.credentialOf(PLAIN.accountId);
    expect(changed).not.toBe(PLAIN.credential);
    expect((await caller.post(path, { Queue: true })).status).toBe(204);
    expect(site.simulator.credentialOf(PLAIN.accountId)).toBe(changed);
    expect(await rowOf(site, PLAIN, MANAGER)).toMatchObject({ ChangeState: 2 });
    site.pass(DELAY_MS);
    expect(site.simulator.credentialOf(PLAIN.accountId)).not.toBe(changed);
  });

  test('requires the permission, and a known account that can change', async () => {
    const site = await startSite({ fleet: FLEET, users: [APPROVER, MANAGER] });
    const caller = await site.signIn(MANAGER);
    expect((await (await site.signIn(APPROVER)).post(path, {})).status).toBe(403);
    expect((await caller.post('ManagedAccounts/77/Credentials/Change', {})).status).toBe(404);
    const failed = await caller.post(`ManagedAccounts/${CHANGING.accountId}/Credentials/Change`, {});
    expect(failed.status).toBe(400);
    expect(JSON.parse(failed.text).split('\r\n').length).toBeGreaterThan(10);
  });

  test('out of band sets the date to its time', async () => {
    const site = await startSite({ fleet: FLEET, switches: { dateFormat: 'Z' } });
    const credential = site.simulator.changeCredential(PLAIN.accountId, START - MINUTE_MS);
    expect(site.simulator.credentialOf(PLAIN.accountId)).toBe(credential);
    expect((await rowOf(site, PLAIN)).LastChangeDate).toBe('2026-03-01T11:59:00Z');
  });
});

describe('an ISA request', () => {
  test('returns 201 with the credential, opens nothing, and is followed by a change', async () => {
    const site = await startSite({ fleet: FLEET, users: [MANAGER] });
    const caller = await site.signIn(MANAGER);
    const answer = await caller.post('ISARequests', requestFor(PLAIN));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([201, PLAIN.credential]);
    expect(site.simulator.openRequests()).toEqual([]);
    site.pass(5 * MINUTE_MS - 1);
    expect(await rowOf(site, PLAIN, MANAGER)).toMatchObject({ ChangeState: 0 });
    site.pass(DELAY_MS);
    expect(await rowOf(site, PLAIN, MANAGER)).toMatchObject({ ChangeState: 1 });
    site.pass(1);
    expect(site.simulator.credentialOf(PLAIN.accountId)).not.toBe(PLAIN.credential);
  });

  test('is available to users and accounts with that role', async () => {
    const [closed = PLAIN] = fleetOf({ isaAccess: false });
    const site = await startSite({ fleet: [closed], users: [MANAGER, APPROVER] });
    const forbidden = { status: 403, text: '4031' };
    expect(await (await site.signIn(MANAGER)).post('ISARequests', requestFor(closed))).toMatchObject(forbidden);
    expect(await (await site.signIn(APPROVER)).post('ISARequests', requestFor(closed))).toMatchObject(forbidden);
  });
});

describe('the pre-flight test of policies', () => {
  test('names the usable policy, or none, and opens nothing', async () => {
    const fleet = fleetOf({ maximumReleaseMinutes: 60 }, { policy: null });
    const site = await startSite({ fleet });
    const caller = await site.signIn();
    const [open = PLAIN, closed = PLAIN] = fleet;
    const ask = async (account: FleetAccount, DurationMinutes: number) =>
      JSON.parse((await caller.post('AccessPolicies/Test', requestFor(account, { DurationMinutes }))).text);
    expect(await ask(open, 60)).toMatchObject([{ Name: 'Automation', Schedules: [{ RequireReason: false }] }]);
    expect(await ask(open, 61)).toEqual([]);
    expect(await ask(closed, 5)).toEqual([]);
    expect(site.simulator.openRequests()).toEqual([]);
  });
});
