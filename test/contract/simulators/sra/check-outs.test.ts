import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { createFleet, type FleetAccount } from '#local/simulators/sra/fleet.ts';
import { fleetOf, START, startSite, VAULT } from './site.ts';

const TWO = [DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT];

describe('a check-out', () => {
  it('returns the credential in the field of the type', async () => {
    const fleet = fleetOf(
      { type: 'username_password', userName: 'root' },
      { type: 'ssh' },
      { type: 'opaque_token', userName: null },
      { type: 'ssh_ca' },
    );
    const { simulator, caller } = await startSite({ fleet });
    const { post } = await caller();
    const [password, key, token, signed] = fleet.map(({ id }) => id);
    const open = async (id: number | undefined) => (await post(`${VAULT}/account/${id}/check-out`)).json;
    expect(await open(password)).toEqual({
      username: 'root',
      type: 'username_password',
      password: simulator.credentialOf(password ?? 0),
    });
    expect(await open(key)).toMatchObject({ private_key: simulator.credentialOf(key ?? 0) });
    expect(await open(token)).toEqual({ type: 'opaque_token', token: simulator.credentialOf(token ?? 0) });
    expect(await open(signed)).toMatchObject({
      private_key: expect.any(String),
      signed_public_cert: expect.any(String),
    });
    expect(JSON.stringify(simulator.audit)).not.toContain('canary');
  });

  it('is exclusive until its own check-in, for every other caller', async () => {
    const fleet = fleetOf({ type: 'username_password', userName: 'root' });
    const { simulator, caller } = await startSite({ fleet, apiAccounts: TWO });
    const [relay, other] = [await caller(), await caller(OTHER_API_ACCOUNT)];
    const path = `${VAULT}/account/${fleet[0]?.id}`;
    const statuses = async (...acts: readonly Promise<{ status: number }>[]) =>
      (await Promise.all(acts)).map(({ status }) => status);
    expect(await statuses(relay.post(`${path}/check-out`))).toEqual([200]);
    expect(await statuses(other.post(`${path}/check-out`), relay.post(`${path}/check-out`))).toEqual([422, 422]);
    expect(await statuses(other.post(`${path}/check-in`))).toEqual([422]);
    expect(simulator.checkedOut('pam-relay')).toMatchObject([{ accountId: fleet[0]?.id }]);
    expect(await statuses(relay.post(`${path}/check-in`))).toEqual([200]);
    expect(await statuses(relay.post(`${path}/check-in`), other.post(`${path}/check-out`))).toEqual([422, 200]);
  });
});

describe('a force check-in', () => {
  it('ends the check-out of a person, but not for keys, personal accounts, or an account without one', async () => {
    const fleet = createFleet({ accounts: 28, seed: 1 });
    const { simulator, caller } = await startSite({ fleet });
    const { post } = await caller();
    const find = (match: Partial<FleetAccount>) =>
      fleet.find(({ kind, type }) => kind === (match.kind ?? 'plain') && type === (match.type ?? type))?.id ?? 0;
    const force = async (match: Partial<FleetAccount>) =>
      (await post(`${VAULT}/account/${find(match)}/force-check-in`)).status;
    expect(simulator.checkedOut('Dana Meyer')).toMatchObject([{ since: START - 3 * 3_600_000 }]);
    expect(await force({ kind: 'held' })).toBe(200);
    expect(simulator.checkedOut()).toEqual([]);
    simulator.checkOutAs('lee', find({ type: 'ssh' }));
    expect([await force({ kind: 'held' }), await force({ type: 'ssh' }), await force({ kind: 'personal' })]).toEqual([
      422, 422, 403,
    ]);
    simulator.switches.idleForceCheckIn = 200;
    expect(await force({ kind: 'held' })).toBe(200);
  });
});

describe('the switches of check-outs', () => {
  it('let several hold an account, or the same API account check out twice', async () => {
    const fleet = fleetOf(
      { type: 'username_password', policy: 'simultaneous' },
      { type: 'opaque_token', policy: null },
    );
    const { simulator, caller } = await startSite({ fleet });
    const { post } = await caller();
    const [shared = 0, own = 0] = fleet.map(({ id }) => id);
    const act = async (id: number, name: string) => (await post(`${VAULT}/account/${id}/${name}`)).status;
    simulator.checkOutAs('lee', shared);
    expect([await act(shared, 'check-out'), simulator.checkedOut().length]).toEqual([200, 2]);
    expect([await act(shared, 'check-in'), simulator.checkedOut('Lee Okafor').length]).toEqual([200, 1]);
    simulator.switches.ownSecondCheckOut = 'accepted';
    expect([await act(own, 'check-out'), await act(own, 'check-out')]).toEqual([200, 200]);
    expect([await act(own, 'check-in'), await act(own, 'check-in')]).toEqual([200, 422]);
  });

  it('answer a check-in without a body, with JSON, or with 204', async () => {
    const fleet = fleetOf({ type: 'username_password' });
    const { simulator, caller } = await startSite({ fleet });
    const { get, post } = await caller();
    const path = `${VAULT}/account/${fleet[0]?.id}`;
    const answers = [];
    for (const actionAnswer of ['empty', 'json', 'no-content'] as const) {
      simulator.switches.actionAnswer = actionAnswer;
      await post(`${path}/check-out`);
      const { status, text } = await post(`${path}/check-in`);
      answers.push([status, text]);
    }
    expect(answers).toEqual([
      [200, ''],
      [200, '{}'],
      [204, ''],
    ]);
    expect((await get(path)).json).toMatchObject({ last_checkout_timestamp: '2026-03-01T12:00:00+00:00' });
  });

  it('refuse certificates, linked and personal accounts', async () => {
    const fleet = createFleet({ accounts: 28, seed: 1 });
    const { caller } = await startSite({ fleet });
    const { post } = await caller();
    const open = async (wanted: string) =>
      (await post(`${VAULT}/account/${fleet.find(({ kind }) => kind === wanted)?.id}/check-out`)).status;
    expect([await open('certificate'), await open('linked'), await open('personal')]).toEqual([422, 422, 403]);
    expect(await open('aws-secret')).toBe(200);
  });
});
