import { describe, expect, it } from 'vitest';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { apiKeyAuthenticator, oauthAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { Secret } from '#shared/secret.ts';
import { termsOf } from '#test/support/terms.ts';
import { connection, itemOf, leasesOf, openSite, pick } from './site.ts';

const MINUTE_MS = 60_000;

describe('signing in', () => {
  it.each([
    ['a key', { apiKey: DEFAULT_APPLICATION.apiKey.key, runAs: 'pam-relay', password: undefined }],
    [
      'a key, a user of a domain and a password with semicolons and brackets',
      { apiKey: DEFAULT_APPROVER.apiKey.key, runAs: 'CORP\\\\alice', password: DEFAULT_APPROVER.apiKey.password },
    ],
  ])('works with %s', async (_what, { apiKey, runAs, password }) => {
    const site = await openSite();
    const authenticator = apiKeyAuthenticator({
      connection,
      apiKey: new Secret(apiKey),
      runAs,
      password: password === undefined ? undefined : new Secret(password),
    });
    expect(await site.vaultWith(authenticator).session((session) => leasesOf(session).held())).toEqual([]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('impersonates the user to run as', async () => {
    const groups = ['relays'];
    const users = [
      { ...DEFAULT_APPLICATION, groups },
      { ...DEFAULT_APPROVER, groups },
    ];
    const site = await openSite({ users });
    const { accessToken } = await requestToken({
      http: site.http,
      clientId: DEFAULT_APPLICATION.oauth.clientId,
      clientSecret: new Secret(DEFAULT_APPLICATION.oauth.clientSecret),
    });
    const tokens = { get: async () => accessToken, drop: async () => undefined };
    const authenticator = oauthAuthenticator({ connection, tokens, runAs: 'CORP\\alice' });
    await site.vaultWith(authenticator).session((session) => leasesOf(session).open(itemOf(pick(site)), termsOf()));
    expect(site.simulator.openRequests().map(({ user }) => user.userName)).toEqual(['CORP\\alice']);
  });

  it('is refused with a wrong password, and not attempted again', async () => {
    const site = await openSite();
    const authenticator = apiKeyAuthenticator({
      connection,
      apiKey: new Secret(DEFAULT_APPROVER.apiKey.key),
      runAs: 'CORP\\alice',
      password: new Secret('canary-wrong'),
    });
    const error = await site.failureOf(site.vaultWith(authenticator).session(async () => undefined));
    expect(error).toMatchObject({ name: 'SignInRefused', retryable: false });
    expect(site.simulator.audit).toHaveLength(1);
  });

  it('is refused without a licence, and with a disabled version of the API', async () => {
    const unlicensed = await openSite({ switches: { licence: 'invalid' } });
    expect((await unlicensed.failureOf(unlicensed.vault.session(async () => undefined))).name).toBe('LicenceRefused');
    const disabled = await openSite({ switches: { apiVersion: 'disabled' } });
    expect((await disabled.failureOf(disabled.vault.session(async () => undefined))).name).toBe('ApiVersionDisabled');
  });

  it('receives no token for an unknown client', async () => {
    const site = await openSite();
    const clientSecret = new Secret('canary-wrong');
    const error = await site.failureOf(requestToken({ http: site.http, clientId: 'unknown', clientSecret }));
    expect(error).toMatchObject({ name: 'SignInRefused' });
    expect(site.simulator.audit).toHaveLength(1);
  });
});

describe('a session', () => {
  it.each([
    { secondCookie: 'off' },
    { secondCookie: 'required' },
    { recheckFactors: true },
    { missingContentType: 'refused' },
  ] as const)('works where the site has %j', async (switches) => {
    const site = await openSite({ switches });
    await site.vault.session(async (session) => {
      const [item, leases] = [itemOf(pick(site)), leasesOf(session)];
      const { id } = await leases.open(item, termsOf());
      await leases.read(id, item);
      await leases.close(id, '');
    });
    expect(site.simulator.audit.every(({ status }) => status < 300)).toBe(true);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('that the site ended for idleness is renewed once for all calls', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      const [item, leases] = [itemOf(pick(site)), leasesOf(session)];
      const { id } = await leases.open(item, termsOf({ minutes: 60 }));
      site.clock.now += 21 * MINUTE_MS;
      await Promise.all(Array.from({ length: 12 }, () => leases.read(id, item)));
    });
    expect(site.effects('signIn')).toBe(2);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('that ended with its token is renewed with a new token', async () => {
    const site = await openSite({ switches: { tokenSeconds: 60, tokenEndEndsSession: true, recheckFactors: true } });
    await site.vault.session(async (session) => {
      site.clock.now += 2 * MINUTE_MS;
      await leasesOf(session).held();
    });
    expect(site.tokens).toHaveLength(2);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('opens one request, although the session ended before it was opened', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      site.clock.now += 21 * MINUTE_MS;
      expect((await leasesOf(session).open(itemOf(pick(site)), termsOf())).ours).toBe(true);
    });
    expect(site.simulator.openRequests()).toHaveLength(1);
  });

  it('is signed out after work that failed in any way', async () => {
    const site = await openSite();
    const work = async (): Promise<never> => Promise.reject(new RangeError('work'));
    await expect(site.vault.session(work)).rejects.toThrow(RangeError);
    expect(site.simulator.openSessions()).toEqual([]);
    expect(site.effects('signOut')).toBe(1);
  });

  it('that cannot be signed out is reported, and hides no other error', async () => {
    const site = await openSite();
    site.simulator.faults.add({ kind: 'signOut', times: 3, effect: { type: 'status', status: 500 } });
    expect(await site.vault.session(async () => 'done')).toBe('done');
    expect(site.signOutFailures).toMatchObject([{ name: 'VaultUnavailable' }]);
    expect(site.simulator.openSessions()).toHaveLength(1);
  });
});
