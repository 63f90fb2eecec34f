import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { Agent } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority, type IssuedCertificate } from '#local/simulators/certificate.ts';
import type { RegistrationRules } from '#local/simulators/password-safe/registrations.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { codeAt, STEP_MS } from '#local/simulators/password-safe/totp.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import {
  APPLICATION,
  APPROVER,
  type Caller,
  cookieOf,
  makeCaller,
  psAuth,
  START,
  startSite,
  type TestSite,
} from './site.ts';

const UNAUTHENTICATED = '"User not authenticated"';
const SEED = 'JBSWY3DPEHPK3PXP';

/** A site whose application user has these rules on both of its registrations. */
const siteWith = (rules: RegistrationRules, options: PasswordSafeOptions = {}): Promise<TestSite> =>
  startSite({
    users: [{ ...APPLICATION, oauth: { ...APPLICATION.oauth, ...rules }, apiKey: { ...APPLICATION.apiKey, ...rules } }],
    ...options,
  });

const signInBy = (caller: Caller, user: SimulatedUser = APPLICATION, headers: Record<string, string> = {}, more = '') =>
  caller.call('POST', 'Auth/SignAppIn', { headers: { authorization: `${psAuth(user)}${more}`, ...headers } });

const askToken = (caller: Caller) =>
  caller.call('POST', 'Auth/Connect/Token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: APPLICATION.oauth.clientId,
      client_secret: APPLICATION.oauth.clientSecret,
    }).toString(),
  });

/** A caller with its own connections. */
const connect = (site: TestSite, options: { localAddress?: string; certificate?: IssuedCertificate } = {}): Caller => {
  const { localAddress, certificate } = options;
  const agent = new Agent({
    ...(localAddress !== undefined && { localAddress }),
    connect: {
      ca: site.simulator.caPem,
      ...(certificate !== undefined && { cert: certificate.certPem, key: certificate.keyPem }),
    },
  });
  onTestFinished(() => agent.destroy());
  return makeCaller(site.simulator.url, agent, {});
};

/** Linux has all of 127.0.0.0/8; other systems can have a single address. */
const hasSecondAddress = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(0, '127.0.0.2', () => server.close(() => resolve(true)));
});

describe('an address rule', () => {
  test.each([
    ['an address', '127.0.0.1', 200],
    ['another address', '127.0.0.2', 401],
    ['a range', '126.0.0.1-127.0.0.1', 200],
    ['a CIDR', '127.0.0.0/30', 200],
    ['addresses of version 6', '2001:db8::/32', 401],
  ])('that is %s decides over token and sign-in', async (_what, rule, status) => {
    const { anonymous } = await siteWith({ ipRules: [rule] });
    expect((await signInBy(anonymous)).status).toBe(status);
    expect((await askToken(anonymous)).status).toBe(status);
  });

  test('is one of several, of which one has to match', async () => {
    const { anonymous } = await siteWith({ ipRules: ['10.0.0.0/8', '127.0.0.1', '::1'] });
    expect((await signInBy(anonymous)).status).toBe(200);
  });

  test.runIf(hasSecondAddress)('goes by the address that a call comes from', async () => {
    const site = await siteWith({ ipRules: ['127.0.0.2'] });
    expect((await signInBy(connect(site, { localAddress: '127.0.0.2' }))).status).toBe(200);
    expect((await signInBy(site.anonymous)).status).toBe(401);
  });
});

describe('an X-Forwarded-For rule', () => {
  const rules = { forwardedForRules: ['198.51.100.0/24', '2001:db8::1-2001:db8::ff'] };

  test.each([
    ['the address of a client that may', { 'x-forwarded-for': '198.51.100.7' }, 200],
    ['such an address of version 6', { 'x-forwarded-for': '2001:db8::1f' }, 200],
    ['a client and the proxies on its way', { 'x-forwarded-for': '198.51.100.7, 10.0.0.1' }, 200],
    ['a client that may not', { 'x-forwarded-for': '203.0.113.7' }, 401],
    ['a client that may not, before one that may', { 'x-forwarded-for': '203.0.113.7, 198.51.100.7' }, 401],
    ['no address', { 'x-forwarded-for': 'unknown' }, 401],
    ['no header', {}, 401],
  ] as const)('with %s answers %j with %i', async (_what, headers, status) => {
    const { anonymous } = await siteWith(rules);
    expect((await signInBy(anonymous, APPLICATION, headers)).status).toBe(status);
  });

  test('applies the IP rules to the load balancer', async () => {
    const { anonymous } = await siteWith({ ...rules, ipRules: ['10.0.0.0/8'] });
    expect((await signInBy(anonymous, APPLICATION, { 'x-forwarded-for': '198.51.100.7' })).status).toBe(401);
  });
});

describe.each(['renegotiation', 'handshake'] as const)(
  'a client certificate, asked for by %s',
  (certificateRequest) => {
    const open = () => siteWith({ clientCertificateRequired: true }, { switches: { certificateRequest } });

    test('that the site has signed is accepted, on the first call of a connection and on later ones', async () => {
      const site = await open();
      const caller = connect(site, { certificate: await site.simulator.issueClientCertificate('p') });
      expect((await signInBy(caller)).status).toBe(200);
      expect((await askToken(caller)).status).toBe(200);
    });

    test('of another trusted CA is accepted; one of an untrusted CA, or none, is refused', async () => {
      const [partner, stranger] = [await createAuthority('Partner CA'), await createAuthority('Stranger CA')];
      const site = await siteWith(
        { clientCertificateRequired: true },
        { switches: { certificateRequest }, trustedCas: [partner.caPem] },
      );
      const statusWith = async (certificate?: IssuedCertificate) =>
        (await signInBy(connect(site, certificate === undefined ? {} : { certificate }))).status;
      expect(await statusWith(await partner.issueClientCertificate('relay'))).toBe(200);
      expect(await statusWith(await stranger.issueClientCertificate('relay'))).toBe(401);
      expect(await statusWith()).toBe(401);
    });

    test('is ignored by a registration that does not require one', async () => {
      const other: SimulatedUser = { ...APPROVER, apiKey: { ...APPROVER.apiKey, clientCertificateRequired: true } };
      const site = await startSite({ users: [APPLICATION, other], switches: { certificateRequest } });
      expect((await signInBy(site.anonymous)).status).toBe(200);
      expect((await signInBy(site.anonymous, other)).status).toBe(401);
    });

    test.each([
      [403, /403 - Forbidden/],
      ['reset', /other side closed|ECONNRESET/],
    ] as const)('that is missing can be answered by IIS itself with %s', async (badCertificate, words) => {
      const site = await siteWith(
        { clientCertificateRequired: true },
        { switches: { certificateRequest, badCertificate } },
      );
      const outcome = signInBy(site.anonymous).then(
        ({ status, text }) => `${status} ${text}`,
        (error: unknown) => String(error),
      );
      expect(await outcome).toMatch(words);
    });
  },
);

describe('a registration that verifies the PSRUN signature', () => {
  test('refuses every caller of the simulator', async () => {
    const { anonymous } = await siteWith({ psrunRequired: true });
    expect((await signInBy(anonymous)).status).toBe(401);
    expect((await askToken(anonymous)).status).toBe(401);
  });
});

describe('an administrator', () => {
  test.each([
    ['128 characters', 'simulated9'.repeat(13).slice(0, 128)],
    ['a GUID', randomUUID()],
  ])('rotates a key to %s, and the old one is refused from then on', async (_what, key) => {
    const { anonymous, simulator } = await startSite();
    simulator.changeUser('pam-relay', { apiKey: { key } });
    const old = await signInBy(anonymous);
    expect([old.status, old.text]).toEqual([401, UNAUTHENTICATED]);
    expect((await signInBy(anonymous, { ...APPLICATION, apiKey: { key } })).status).toBe(200);
  });

  test('rotates a key under open sessions, which continue unless their factors are checked again', async () => {
    const site = await startSite();
    const cookie = cookieOf(await signInBy(site.anonymous));
    site.simulator.changeUser('pam-relay', { apiKey: { key: randomUUID() } });
    const caller = site.withHeaders({ cookie, authorization: psAuth(APPLICATION) });
    expect((await caller.get('Requests')).status).toBe(200);
    site.simulator.switches.recheckFactors = true;
    expect((await caller.get('Requests')).status).toBe(401);
  });

  test('lets a client secret expire', async () => {
    const oauth = { ...APPLICATION.oauth, secretExpiresAt: START + STEP_MS };
    const site = await startSite({ users: [{ ...APPLICATION, oauth }] });
    expect((await askToken(site.anonymous)).status).toBe(200);
    site.pass(STEP_MS);
    const late = await askToken(site.anonymous);
    expect([late.status, late.text]).toEqual([400, '{"error":"invalid_grant"}']);
  });

  test.each([401, 403] as const)('quarantines a user, who receives %i', async (quarantine) => {
    const { anonymous, simulator } = await startSite({ switches: { quarantine } });
    simulator.changeUser('pam-relay', { quarantined: true });
    expect((await signInBy(anonymous)).status).toBe(quarantine);
  });
});

describe('the RunAs header', () => {
  const tokenOf = async (site: TestSite): Promise<string> =>
    JSON.parse((await askToken(site.anonymous)).text).access_token;
  const signInAs = async (site: TestSite, runas: string) =>
    site.anonymous.call('POST', 'Auth/SignAppIn', {
      headers: { authorization: `Bearer ${await tokenOf(site)}`, runas },
    });

  test('is available to users who share a group with the application user', async () => {
    const site = await startSite({
      users: [
        { ...APPLICATION, groups: ['relays', 'all'] },
        { ...APPROVER, groups: ['humans', 'all'] },
      ],
    });
    expect(JSON.parse((await signInAs(site, 'corp\\ALICE')).text)).toMatchObject({ UserName: APPROVER.userName });
    site.simulator.changeUser(APPROVER.userName, { groups: ['humans'] });
    expect((await signInAs(site, APPROVER.userName)).status).toBe(401);
    expect((await signInAs(site, 'stranger')).status).toBe(401);
    expect((await signInAs(site, 'pam-relay')).status).toBe(200);
  });
});

describe('a second factor', () => {
  const withFactor = (secondFactor: SimulatedUser['secondFactor']): SimulatedUser => ({
    ...APPLICATION,
    ...(secondFactor !== undefined && { secondFactor }),
  });

  const challengeOf = async (site: TestSite): Promise<Caller> => {
    const first = await signInBy(site.anonymous);
    expect(first.status).toBe(401);
    expect(first.headers['www-authenticate-2fa']).toEqual(expect.any(String));
    return site.withHeaders({ cookie: cookieOf(first) });
  };
  const answerWith = (caller: Caller, code: string) => signInBy(caller, APPLICATION, {}, ` challenge=${code};`);

  test.each([
    ['one fixed answer', { type: 'answer', answer: '123456' }, '123456'],
    ['the code of the moment', { type: 'totp', seed: SEED }, codeAt(SEED, START / STEP_MS)],
  ] as const)('by %s takes two calls on one cookie', async (_what, factor, code) => {
    const site = await startSite({ users: [withFactor(factor)] });
    const caller = await challengeOf(site);
    expect((await answerWith(site.anonymous, code)).status).toBe(401);
    expect((await answerWith(caller, '000000')).status).toBe(401);
    const second = await answerWith(caller, code);
    expect(second.status).toBe(200);
    expect((await site.withHeaders({ cookie: cookieOf(second) }).get('Requests')).status).toBe(200);
  });

  test.each([
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ])('answers the code of %i steps from now with %i', async (steps, status) => {
    const site = await startSite({ users: [withFactor({ type: 'totp', seed: SEED })] });
    const caller = await challengeOf(site);
    expect((await answerWith(caller, codeAt(SEED, START / STEP_MS + steps))).status).toBe(status);
  });

  test.each([
    ['accepted', 200],
    ['refused', 401],
  ] as const)('takes a code that was used already as the switch says: %s', async (usedCode, status) => {
    const site = await startSite({ users: [withFactor({ type: 'totp', seed: SEED })], switches: { usedCode } });
    const code = codeAt(SEED, START / STEP_MS);
    expect((await answerWith(await challengeOf(site), code)).status).toBe(200);
    expect((await answerWith(await challengeOf(site), code)).status).toBe(status);
  });

  test.each([
    ['approved', 200],
    ['denied', 401],
  ] as const)('by push keeps the one call waiting until it is %s', async (answer, status) => {
    const site = await startSite({ users: [withFactor({ type: 'push' })] });
    const waiting = signInBy(site.anonymous);
    site.simulator.answerPush('pam-relay', answer);
    expect((await waiting).status).toBe(status);
    expect(site.simulator.audit).toHaveLength(1);
  });

  test('by push is answered automatically after a while if configured', async () => {
    const site = await startSite({ users: [withFactor({ type: 'push' })], switches: { pushAnsweredAfterMs: 1 } });
    expect((await signInBy(site.anonymous)).status).toBe(200);
  });

  test('is not required of an application user who signs in by token', async () => {
    const site = await startSite({ users: [withFactor({ type: 'totp', seed: SEED })] });
    const { access_token: token } = JSON.parse((await askToken(site.anonymous)).text);
    const headers = { authorization: `Bearer ${token}` };
    expect((await site.anonymous.call('POST', 'Auth/SignAppIn', { headers })).status).toBe(200);
  });
});
