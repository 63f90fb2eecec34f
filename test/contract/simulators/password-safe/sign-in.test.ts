import { describe, expect, test } from 'vitest';
import { APPLICATION, APPROVER, type Caller, cookieOf, MINUTE_MS, psAuth, startSite, type TestSite } from './site.ts';

const UNAUTHENTICATED = '"User not authenticated"';

const askToken = (caller: Caller, fields: Record<string, string>) =>
  caller.call('POST', 'Auth/connect/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });

const tokenOf = async (site: TestSite): Promise<string> => {
  const { clientId, clientSecret } = APPLICATION.oauth;
  const answer = await askToken(site.anonymous, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  return JSON.parse(answer.text).access_token;
};

const signInWith = (caller: Caller, headers: Record<string, string>) =>
  caller.call('POST', 'Auth/SignAppin', { headers });

describe('the token call', () => {
  test('returns a bearer token and its lifetime', async () => {
    const site = await startSite({ switches: { tokenSeconds: 600 } });
    const { clientId, clientSecret } = APPLICATION.oauth;
    const answer = await askToken(site.anonymous, {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      access_token: expect.any(String),
      expires_in: 600,
      token_type: 'Bearer',
      scope: 'publicapi',
    });
  });

  test('returns 400 with an OAuth error for a wrong secret or another grant', async () => {
    const { anonymous } = await startSite();
    const wrong = await askToken(anonymous, {
      grant_type: 'client_credentials',
      client_id: APPLICATION.oauth.clientId,
      client_secret: `${APPLICATION.oauth.clientSecret}\n`,
    });
    expect([wrong.status, wrong.text]).toEqual([400, '{"error":"invalid_client"}']);
    const grant = await askToken(anonymous, { grant_type: 'password' });
    expect([grant.status, grant.text]).toEqual([400, '{"error":"unsupported_grant_type"}']);
  });

  test('opens no session, so the token alone is refused', async () => {
    const site = await startSite();
    const caller = site.withHeaders({ authorization: `Bearer ${await tokenOf(site)}` });
    expect((await caller.get('ManagedAccounts')).status).toBe(401);
  });
});

describe('signing in', () => {
  test('by token returns the user and two cookies, without a body or a content type', async () => {
    const site = await startSite();
    const answer = await signInWith(site.anonymous, { authorization: `Bearer ${await tokenOf(site)}` });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ UserId: 1, SID: null, UserName: 'pam-relay', Name: 'pam-relay' });
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^ASP\.NET_SessionId=\S+; path=\/; secure; HttpOnly; SameSite=None$/),
      expect.stringMatching(/^__RequestVerificationToken=\S+; path=\/; secure; HttpOnly$/),
    ]);
    expect(site.simulator.openSessions()).toHaveLength(1);
  });

  test.each(['""', '{}', 'null'])('accepts the body %s', async (body) => {
    const { anonymous } = await startSite();
    const headers = { authorization: psAuth(APPLICATION), 'content-type': 'application/json' };
    expect((await anonymous.call('POST', 'Auth/SignAppIn/', { headers, body })).status).toBe(200);
  });

  test('with an expired token is refused', async () => {
    const site = await startSite();
    const authorization = `Bearer ${await tokenOf(site)}`;
    site.pass(3600 * 1000);
    expect((await signInWith(site.anonymous, { authorization })).status).toBe(401);
  });

  test.each([
    ['as the vendor writes it', `PS-Auth key=${APPLICATION.apiKey.key}; runas=pam-relay;`],
    ['without the last separator', `PS-Auth key=${APPLICATION.apiKey.key}; runas=pam-relay`],
    ['with a blank before the key, in any case', `ps-auth key= ${APPLICATION.apiKey.key};RUNAS=PAM-RELAY;`],
    ['with a password that is not required', `PS-Auth key=${APPLICATION.apiKey.key}; runas=pam-relay; pwd=[x];`],
    ['with a password full of separators', psAuth(APPROVER)],
    ['with a doubled backslash', psAuth(APPROVER).replace('\\', '\\\\')],
  ])('by key works %s', async (_how, authorization) => {
    const { anonymous } = await startSite();
    expect((await signInWith(anonymous, { authorization })).status).toBe(200);
  });

  test.each([
    ['no header', {}],
    ['an unknown key', { authorization: `PS-Auth key=${'0'.repeat(128)}; runas=pam-relay;` }],
    ['the key of another user', { authorization: `PS-Auth key=${APPLICATION.apiKey.key}; runas=CORP\\alice;` }],
    ['a missing password', { authorization: `PS-Auth key=${APPROVER.apiKey.key}; runas=CORP\\alice;` }],
    ['a wrong password', { authorization: `PS-Auth key=${APPROVER.apiKey.key}; runas=CORP\\alice; pwd=[no];` }],
    ['another scheme', { authorization: 'Basic cGFtOnJlbGF5' }],
    ['an unknown token', { authorization: 'Bearer nothing' }],
  ])('with %s is refused without a reason', async (_what, headers) => {
    const { anonymous, simulator } = await startSite();
    const answer = await signInWith(anonymous, headers);
    expect([answer.status, answer.text]).toEqual([401, UNAUTHENTICATED]);
    expect(simulator.openSessions()).toEqual([]);
  });

  test('returns 403 while the licence is invalid', async () => {
    const { anonymous } = await startSite({ switches: { licence: 'invalid' } });
    expect((await signInWith(anonymous, { authorization: psAuth(APPLICATION) })).status).toBe(403);
  });

  test('and every later call return 410 while the API version is disabled', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    site.simulator.switches.apiVersion = 'disabled';
    expect((await signInWith(site.anonymous, { authorization: psAuth(APPLICATION) })).status).toBe(410);
    expect((await caller.get('ManagedAccounts')).status).toBe(410);
    expect(await tokenOf(site)).toEqual(expect.any(String));
  });
});

describe('a session', () => {
  test('ends by signing out, which requires only the cookie', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    const answer = await caller.call('POST', 'Auth/Signout');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(site.simulator.openSessions()).toEqual([]);
    expect((await caller.get('ManagedAccounts')).text).toBe(UNAUTHENTICATED);
    expect((await caller.call('POST', 'Auth/Signout')).status).toBe(401);
  });

  test('ends after 20 idle minutes, which each call restarts', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    site.pass(19 * MINUTE_MS);
    expect((await caller.get('Requests')).status).toBe(200);
    site.pass(19 * MINUTE_MS);
    expect((await caller.get('Requests')).status).toBe(200);
    site.pass(20 * MINUTE_MS);
    expect(site.simulator.openSessions()).toEqual([]);
    expect((await caller.get('Requests')).status).toBe(401);
  });

  test('has the idle timeout of the site', async () => {
    const site = await startSite({ switches: { sessionIdleMinutes: 1 } });
    const caller = await site.signIn();
    site.pass(MINUTE_MS);
    expect((await caller.get('Requests')).status).toBe(401);
  });

  test.each([
    [false, 200],
    [true, 401],
  ])('ends with its token if the switch is %s: %i', async (tokenEndEndsSession, status) => {
    const site = await startSite({ switches: { tokenEndEndsSession, tokenSeconds: 60 } });
    const signedIn = await signInWith(site.anonymous, { authorization: `Bearer ${await tokenOf(site)}` });
    site.pass(MINUTE_MS);
    expect((await site.withHeaders({ cookie: cookieOf(signedIn) }).get('Requests')).status).toBe(status);
  });

  test('is refused if its cookies are in several headers, or have attributes', async () => {
    const site = await startSite();
    const answer = await signInWith(site.anonymous, { authorization: psAuth(APPLICATION) });
    const cookie = cookieOf(answer);
    const statusWith = async (header: string | string[]) =>
      (await site.withHeaders({ cookie: header }).get('Requests')).status;
    expect(await statusWith(cookie)).toBe(200);
    expect(await statusWith(cookie.split('; '))).toBe(401);
    expect(await statusWith(`${cookie}; path=/; secure; HttpOnly`)).toBe(401);
    expect(await statusWith(cookie)).toBe(200);
  });

  test.each([
    ['off', 1, 200],
    ['optional', 2, 200],
    ['required', 2, 401],
  ] as const)('with the second cookie %s sets %i, and answers %i without it', async (secondCookie, count, status) => {
    const site = await startSite({ switches: { secondCookie } });
    const answer = await signInWith(site.anonymous, { authorization: psAuth(APPLICATION) });
    const cookies = cookieOf(answer).split('; ');
    expect(cookies).toHaveLength(count);
    const alone = site.withHeaders({ cookie: cookies[0] ?? '' });
    expect((await alone.get('Requests')).status).toBe(status);
    expect((await site.withHeaders({ cookie: cookies.join('; ') }).get('Requests')).status).toBe(200);
  });

  test('requires the factors of its user on every call if they are checked again', async () => {
    const site = await startSite({ switches: { recheckFactors: true } });
    const cookie = cookieOf(await signInWith(site.anonymous, { authorization: psAuth(APPLICATION) }));
    const statusWith = async (headers: Record<string, string>) =>
      (await site.withHeaders({ cookie, ...headers }).get('Requests')).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: psAuth(APPROVER) })).toBe(401);
    expect(await statusWith({ authorization: psAuth(APPLICATION) })).toBe(200);
  });
});
