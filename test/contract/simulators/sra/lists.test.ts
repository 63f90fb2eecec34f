import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { createFleet } from '#local/simulators/sra/fleet.ts';
import { type Answer, type Caller, fleetOf, startSite, VAULT } from './site.ts';

interface Row {
  readonly id: number;
  readonly name: string;
}

const nextOf = ({ headers }: Answer): string | undefined => String(headers['link']).match(/<([^>]+)>; rel="next"/)?.[1];

const allRows = async ({ get }: Caller, path: string): Promise<Row[]> => {
  const rows: Row[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer = await get(next);
    rows.push(...(answer.json as Row[]));
    next = nextOf(answer);
  }
  return rows;
};

describe('a list of accounts', () => {
  it('holds every account once, whatever the size of its pages', async () => {
    const { simulator, caller } = await startSite({ fleet: createFleet({ accounts: 43, seed: 3 }) });
    const relay = await caller();
    const ids = simulator.accounts().map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 100 }), async (perPage) => {
        const rows = await allRows(relay, `${VAULT}/account?include_personal=true&per_page=${perPage}`);
        expect(rows.map(({ id }) => id)).toEqual(ids);
      }),
      { numRuns: 6 },
    );
  });

  it('has the links and counts of its page, and the common fields of an account', async () => {
    const fleet = fleetOf(...Array.from({ length: 11 }, () => ({ groupId: 2, policy: 'standard' })));
    const { simulator, caller } = await startSite({ fleet });
    const { get } = await caller();
    const { headers, json } = await get(`${VAULT}/account?per_page=5&current_page=2&type=ssh`);
    expect([json, headers['x-bt-pagination-total'], headers['x-bt-pagination-last-page']]).toEqual([[], '2', '1']);
    const middle = await get(`${VAULT}/account?per_page=5&current_page=2`);
    const url = `${simulator.url}${VAULT}/account?per_page=5&current_page=`;
    expect(middle.headers['link']).toBe(
      `<${url}1>; rel="first", <${url}1>; rel="previous", <${url}3>; rel="next", <${url}3>; rel="last"`,
    );
    expect(nextOf(await get(`${VAULT}/account?per_page=5&current_page=3`))).toBeUndefined();
    expect((middle.json as Row[])[0]).toEqual({
      id: fleet[5]?.id,
      type: fleet[5]?.type,
      name: fleet[5]?.name,
      description: '',
      personal: false,
      account_group_id: 2,
      account_policy: 'standard',
    });
  });

  it('selects by exact name without regard to case, and by group; leaves personal accounts out', async () => {
    const { caller } = await startSite();
    const relay = await caller();
    expect(await allRows(relay, `${VAULT}/account?name=SHARED%20Name`)).toMatchObject([{ id: 1015 }, { id: 1017 }]);
    expect(await allRows(relay, `${VAULT}/account?name=shared%20name&account_group_id=3`)).toMatchObject([
      { id: 1017 },
    ]);
    const ids = (await allRows(relay, `${VAULT}/account`)).map(({ id }) => id);
    expect([ids.length, ids.includes(1003)]).toEqual([27, false]);
  });

  it('can lose rows between two pages', async () => {
    const { caller } = await startSite({ switches: { rowsMoved: 2 } });
    expect(await allRows(await caller(), `${VAULT}/account?per_page=20`)).toHaveLength(25);
  });
});

describe('a wrong call', () => {
  it('is told apart: 401 without error for an unknown parameter, 403, 404, 405 and 422', async () => {
    const { simulator, caller, send } = await startSite();
    const { get, post, call } = await caller();
    const message = expect.any(String);
    expect(await get(`${VAULT}/account?nmae=x`)).toMatchObject({ status: 401, json: { message } });
    expect((await get(`${VAULT}/account?nmae=x`)).json).not.toHaveProperty('error');
    expect(await send('GET', `${VAULT}/account`)).toMatchObject({ status: 401, json: { error: 'access_denied' } });
    expect(await get('/api/command/v2/info?x=1')).toMatchObject({ status: 400 });
    expect(await get(`${VAULT}/account/9`)).toMatchObject({ status: 404, json: { message } });
    expect(await post(`${VAULT}/account/1001`)).toMatchObject({
      status: 405,
      headers: { allow: 'GET,HEAD,PATCH,DELETE' },
    });
    expect(await get('/api/config/v1//vault/account')).toMatchObject({ status: 405 });
    expect(await get(`${VAULT}/account?per_page=4&type=x`)).toMatchObject({
      status: 422,
      json: { errors: { type: [message] } },
    });
    expect(await get(`${VAULT}/account?per_page=101`)).toMatchObject({ status: 422 });
    expect(await call('OPTIONS', `${VAULT}/account`)).toMatchObject({
      status: 200,
      headers: { allow: 'GET,HEAD,POST' },
    });
    expect(await call('HEAD', `${VAULT}/account`)).toMatchObject({ status: 200, text: '', headers: { link: message } });
    const { permissions } = DEFAULT_API_ACCOUNT;
    simulator.changeApiAccount(DEFAULT_API_ACCOUNT.clientId, { permissions: { ...permissions, vaultAccounts: false } });
    expect(await get(`${VAULT}/account`)).toMatchObject({ status: 403 });
    expect(await get('/api/config/v1/user?per_page=5')).toMatchObject({ status: 200 });
  });
});

describe('the product', () => {
  it('shows in the probes, and Remote Support has no certificates', async () => {
    const pra = await startSite();
    const rs = await startSite({ switches: { product: 'rs' } });
    const product = async ({ send }: typeof pra) => (await send('GET', '/get_mech_list?version=3')).json;
    expect(await product(pra)).toMatchObject({ product: 'bpam' });
    expect(await product(rs)).not.toMatchObject({ product: 'bpam' });
    const { get } = await rs.caller();
    expect((await get('/api/command/v2/info')).json).toMatchObject({ product: 'rs' });
    expect(rs.simulator.accounts().filter(({ type }) => type.startsWith('x509'))).toEqual([]);
    rs.simulator.switches.health = 'unhealthy';
    expect(await rs.send('GET', '/check_health')).toMatchObject({ status: 500 });
  });
});
