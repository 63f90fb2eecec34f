import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { basic, FORM, startSite, type TestSite, VAULT } from './site.ts';

const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;
const GRANT = 'grant_type=client_credentials';
const DENIED = { status: 401, json: { error: 'access_denied' } };

const use = ({ send }: TestSite, token: string) =>
  send('GET', `${VAULT}/account-group`, { headers: { authorization: `Bearer ${token}` } });

describe('a token request', () => {
  it('proves the secret in a header with a form or JSON, or in a form alone', async () => {
    const { send, simulator } = await startSite();
    const authorization = basic(DEFAULT_API_ACCOUNT);
    const ask = (headers: Record<string, string>, body: string) => send('POST', '/oauth2/token', { headers, body });
    const fields = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId });
    const json = JSON.stringify({ grant_type: 'client_credentials' });
    const issued = { status: 200, json: { token_type: 'Bearer', expires_in: 3600, access_token: expect.any(String) } };
    expect(await ask({ ...FORM, authorization }, GRANT)).toMatchObject(issued);
    expect(await ask({ 'content-type': 'application/json', authorization }, json)).toMatchObject(issued);
    expect(await ask(FORM, `${fields}&client_secret=${encodeURIComponent(clientSecret)}`)).toMatchObject(issued);
    const rejected = { status: 401, json: { error: 'invalid_client' } };
    expect(await ask(FORM, `${fields}&client_secret=wrong`)).toMatchObject(rejected);
    expect(await ask(FORM, GRANT)).toMatchObject(rejected);
    expect(await ask({ ...FORM, authorization }, 'grant_type=password')).toMatchObject({
      status: 400,
      json: { error: 'unsupported_grant_type' },
    });
    expect(simulator.audit.map(({ token }) => token)).toEqual([1, 2, 3, undefined, undefined, undefined]);
  });

  it('locks the API account after repeated wrong secrets, for the right one too', async () => {
    const site = await startSite({ switches: { lockAfterFailures: 2, lockMinutes: 1 } });
    const wrong = { ...DEFAULT_API_ACCOUNT, clientSecret: 'wrong' };
    await expect(site.token(wrong)).rejects.toThrow('401');
    await site.token();
    await expect(site.token(wrong)).rejects.toThrow('401');
    await expect(site.token(wrong)).rejects.toThrow('401');
    await expect(site.token()).rejects.toThrow('401');
    site.pass(60_001);
    await site.token();
  });
});

describe('a token', () => {
  it('is killed by the thirty-first of its API account', async () => {
    const site = await startSite();
    const tokens: string[] = [];
    for (let count = 0; count < 31; count += 1) tokens.push(await site.token());
    expect(await use(site, tokens[0] ?? '')).toMatchObject(DENIED);
    expect(await use(site, tokens[1] ?? '')).toMatchObject({ status: 200 });
    expect(site.simulator.liveTokens(clientId)).toHaveLength(30);
  });

  it('ends after its hour, and at once with its secret, its account, or the right to use it', async () => {
    const site = await startSite();
    const expired = await site.token();
    site.pass(3_600_000);
    expect(await use(site, expired)).toMatchObject(DENIED);
    const old = await site.token();
    site.simulator.changeApiAccount(clientId, { clientSecret: 'regenerated' });
    expect(await use(site, old)).toMatchObject(DENIED);
    const current = await site.token({ ...DEFAULT_API_ACCOUNT, clientSecret: 'regenerated' });
    site.simulator.changeApiAccount(clientId, { enabled: false });
    expect(await use(site, current)).toMatchObject(DENIED);
    await expect(site.token({ ...DEFAULT_API_ACCOUNT, clientSecret: 'regenerated' })).rejects.toThrow('401');
    site.simulator.changeApiAccount(clientId, { enabled: true });
    expect(await use(site, current)).toMatchObject(DENIED);
    const last = await site.token({ ...DEFAULT_API_ACCOUNT, clientSecret: 'regenerated' });
    site.simulator.deleteApiAccount(clientId);
    expect(await use(site, last)).toMatchObject(DENIED);
    expect(site.simulator.liveTokens()).toEqual([]);
  });
});

describe('a network restriction', () => {
  it('refuses tokens and calls from elsewhere, as the switches say', async () => {
    const networks = ['192.0.2.0/24', '127.0.0.1/32'];
    const site = await startSite({ apiAccounts: [{ ...DEFAULT_API_ACCOUNT, networks }] });
    const token = await site.token();
    expect(await use(site, token)).toMatchObject({ status: 200 });
    site.simulator.switches.callerAddress = '198.51.100.7';
    expect(await use(site, token)).toMatchObject({ status: 403 });
    await expect(site.token()).rejects.toThrow('401');
    site.simulator.switches.deniedNetworkToken = 403;
    await expect(site.token()).rejects.toThrow('403');
  });
});
