import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { fleetOf, startSite, VAULT } from './site.ts';

const { clientId } = DEFAULT_API_ACCOUNT;

describe('the limit of calls', () => {
  it('is per second and API account', async () => {
    const site = await startSite({
      switches: { callsPerSecond: 2, retryAfter: '1' },
      apiAccounts: [DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT],
    });
    const [relay, other] = [await site.caller(), await site.caller(OTHER_API_ACCOUNT)];
    const status = async ({ get }: typeof relay) => (await get(`${VAULT}/account-group`)).status;
    expect([await status(relay), await status(relay), await status(other)]).toEqual([200, 200, 200]);
    expect(await relay.get(`${VAULT}/account-group`)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    site.pass(1000);
    expect(await status(relay)).toBe(200);
  });

  it('is per hour, counts down in a header, and starts again with the hour', async () => {
    const site = await startSite();
    const { get } = await site.caller();
    const remaining = async () => {
      const { status, headers } = await get(`${VAULT}/account-group`);
      return [status, headers['x-ratelimit-remaining']];
    };
    expect(await remaining()).toEqual([200, '14999']);
    site.simulator.spendCalls(clientId, 14_998);
    expect([await remaining(), await remaining()]).toEqual([
      [200, '0'],
      [429, '0'],
    ]);
    expect((await get(`${VAULT}/account-group`)).headers).not.toHaveProperty('retry-after');
    site.simulator.switches.hourWindow = 'rolling';
    site.pass(3_599_999);
    expect(await remaining()).toEqual([429, '0']);
    site.pass(1);
    expect(await remaining()).toEqual([200, '14999']);
  });
});

describe('a fault', () => {
  it('strikes before or after the effect of the calls that it names', async () => {
    const fleet = fleetOf({ type: 'username_password' }, { type: 'ssh' });
    const { simulator, caller } = await startSite({ fleet });
    const { post } = await caller();
    const [one = 0, two = 0] = fleet.map(({ id }) => id);
    const path = (id: number, act: string) => `${VAULT}/account/${id}/${act}`;
    simulator.faults.add({ kind: 'checkOut', accountId: two, effect: { type: 'reset', when: 'after' } });
    simulator.faults.add({ kind: 'checkIn', effect: { type: 'status', status: 500 } });
    expect(await post(path(one, 'check-out'))).toMatchObject({ status: 200 });
    await expect(post(path(two, 'check-out'))).rejects.toThrow();
    expect(await post(path(one, 'check-in'))).toMatchObject({ status: 500 });
    expect(simulator.checkedOut('pam-relay').map(({ accountId }) => accountId)).toEqual([one, two]);
    expect(simulator.audit.slice(-2)).toMatchObject([
      { kind: 'checkOut', accountId: two, status: 0, tookEffect: true, fault: 'reset' },
      { kind: 'checkIn', accountId: one, status: 500, tookEffect: false, apiAccount: undefined },
    ]);
  });

  it('can kill tokens, answer with an error of a report, or break an answer', async () => {
    const { simulator, caller, send } = await startSite();
    const { get } = await caller();
    simulator.faults.add(
      { effect: { type: 'report-error', text: 'The report failed.' } },
      { nth: 2, effect: { type: 'rate-limited', retryAfter: '9' } },
      { nth: 3, effect: { type: 'cut-off' } },
      { nth: 4, effect: { type: 'malformed' } },
      { nth: 5, effect: { type: 'wrong-content-type' } },
      { nth: 6, effect: { type: 'wrong-shape' } },
      { nth: 7, effect: { type: 'delay', ms: 1 } },
      { nth: 8, effect: { type: 'huge', bytes: 200_000 } },
      { nth: 9, effect: { type: 'wrong-charset' } },
      { nth: 10, effect: { type: 'kill-tokens' } },
    );
    const list = () => get(`${VAULT}/account`);
    expect(await list()).toMatchObject({ status: 200, text: expect.stringContaining('>The report failed.</error>') });
    expect(await list()).toMatchObject({ status: 429, headers: { 'retry-after': '9' } });
    await expect(list()).rejects.toThrow();
    expect(await list()).toMatchObject({ status: 200, json: undefined });
    expect(await list()).toMatchObject({ headers: { 'content-type': 'text/html' } });
    expect(await list()).toMatchObject({ json: { unexpected: [true] } });
    expect(await list()).toMatchObject({ status: 200, json: expect.any(Array) });
    expect((await list()).text).toHaveLength(200_000);
    expect(await list()).toMatchObject({
      json: undefined,
      headers: { 'content-type': 'application/json; charset=utf-16' },
    });
    expect(await list()).toMatchObject({ status: 401, json: { error: 'access_denied' } });
    expect(simulator.liveTokens()).toEqual([]);
    await send('GET', '/check_health', { headers: { connection: 'close' } });
    expect(simulator.audit.at(-1)).toMatchObject({ kind: 'health', closesConnection: true });
  });
});
