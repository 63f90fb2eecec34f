import { describe, expect, it } from 'vitest';
import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { STEP_MS } from '#local/simulators/password-safe/totp.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import {
  BOOTSTRAP_SECRET,
  CERTIFICATE_SECRET,
  KEY_BOOTSTRAP,
  OAUTH_BOOTSTRAP,
  openRelaySite,
  type RelaySite,
} from './relay-site.ts';

const SEED = 'JBSWY3DPEHPK3PXP';
const WRONG_SEED = 'GEZDGNBVGY3TQOJQ';
const PASSPHRASE = 'simulated passphrase';
const { oauth, apiKey } = DEFAULT_APPLICATION;

const withFactor = (secondFactor: NonNullable<SimulatedUser['secondFactor']>): SimulatedUser[] => [
  { ...DEFAULT_APPLICATION, secondFactor },
];

const signInsOf = ({ simulator }: RelaySite): number[] =>
  simulator.audit.filter(({ kind }) => kind === 'signIn').map(({ status }) => status);

describe('signing in by API key', () => {
  it('works with the key alone, and signs out', async () => {
    const site = await openRelaySite();
    await site.use();
    expect(signInsOf(site)).toEqual([200]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('works with the password of the user if the registration requires it', async () => {
    const { key, password } = DEFAULT_APPROVER.apiKey;
    const site = await openRelaySite({ bootstrap: { apiKey: key, runAs: DEFAULT_APPROVER.userName, password } });
    await site.use();
    expect(signInsOf(site)).toEqual([200]);
  });

  it('uses a rotated key and a new password in a warm function', async () => {
    const site = await openRelaySite();
    await site.use();
    const rotated = '11111111-2222-4333-8444-555555555555';
    site.simulator.changeUser('pam-relay', { apiKey: { key: rotated, password: 'simulated; password' } });
    await expect(site.use()).rejects.toMatchObject({ name: 'SignInRefused' });
    await site.put(BOOTSTRAP_SECRET, { apiKey: rotated, runAs: 'pam-relay', password: 'simulated; password' });
    await site.use();
    expect(signInsOf(site)).toEqual([200, 401, 200]);
    expect(site.refused).toEqual(['corp-vault']);
  });
});

describe('signing in by OAuth', () => {
  it('works, also as another user', async () => {
    const groups = ['relays'];
    const site = await openRelaySite({
      site: {
        users: [
          { ...DEFAULT_APPLICATION, groups },
          { ...DEFAULT_APPROVER, groups },
        ],
      },
      authentication: { type: 'oauth', runAs: DEFAULT_APPROVER.userName },
    });
    await site.use();
    const users = site.simulator.audit.filter(({ kind }) => kind === 'listRequests').map(({ user }) => user);
    expect(users).toEqual([DEFAULT_APPROVER.userName]);
  });

  it('uses a new client secret in a warm function once its token has expired', async () => {
    const site = await openRelaySite({ authentication: { type: 'oauth' } });
    await site.use();
    const clientSecret = 'simulated-client-secret-of-pam-relay-0002';
    site.simulator.changeUser('pam-relay', { oauth: { ...oauth, clientSecret } });
    await site.use();
    await site.put(BOOTSTRAP_SECRET, { ...OAUTH_BOOTSTRAP, clientSecret });
    site.clock.now += 3_600_000;
    await site.use();
    expect(signInsOf(site)).toEqual([200, 200, 200]);
  });
});

describe('a second factor', () => {
  it.each([
    ['base32', SEED],
    ['base32 in groups', 'jbsw y3dp ehpk 3pxp'],
    ['an otpauth:// address', `otpauth://totp/Vault:pam-relay?secret=${SEED}&issuer=Vault`],
  ])('is answered from a seed in %s, on the session of the challenge', async (_what, totpSeed) => {
    const site = await openRelaySite({
      site: { users: withFactor({ type: 'totp', seed: SEED }) },
      bootstrap: { ...KEY_BOOTSTRAP, totpSeed },
    });
    await site.use();
    expect(signInsOf(site)).toEqual([401, 200]);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('is computed by the clock of the vault', async () => {
    const site = await openRelaySite({
      site: { users: withFactor({ type: 'totp', seed: SEED }), switches: { clockSkewMs: 20 * STEP_MS } },
      bootstrap: { ...KEY_BOOTSTRAP, totpSeed: SEED },
    });
    await site.use();
    expect(signInsOf(site)).toEqual([401, 200]);
  });

  it('is not requested again by the calls of the session, even if these check the factors', async () => {
    const site = await openRelaySite({
      site: {
        users: withFactor({ type: 'totp', seed: SEED }),
        switches: { recheckFactors: true, secondCookie: 'required' },
      },
      bootstrap: { ...KEY_BOOTSTRAP, totpSeed: SEED },
    });
    await site.use();
    expect(site.simulator.audit.map(({ status }) => status)).toEqual([401, 200, 200, 200]);
  });

  it('that is refused is final, and is answered once', async () => {
    const site = await openRelaySite({
      site: { users: withFactor({ type: 'totp', seed: SEED }) },
      bootstrap: { ...KEY_BOOTSTRAP, totpSeed: WRONG_SEED },
    });
    await expect(site.use()).rejects.toMatchObject({ name: 'SignInRefused', retryable: false });
    expect(signInsOf(site)).toEqual([401, 401]);
    expect([site.waits, site.refused]).toEqual([[], ['corp-vault']]);
  });

  it('that is unavailable is final at the challenge', async () => {
    const site = await openRelaySite({ site: { users: withFactor({ type: 'totp', seed: SEED }) } });
    await expect(site.use()).rejects.toMatchObject({ name: 'SignInRefused' });
    expect(signInsOf(site)).toEqual([401]);
  });

  it('by push makes its call wait longer than any other', async () => {
    const site = await openRelaySite({
      site: { users: withFactor({ type: 'push' }) },
      authentication: { type: 'api-key', pushSeconds: 120 },
    });
    site.simulator.answerPush('pam-relay', 'approved');
    await site.use();
    expect(signInsOf(site)).toEqual([200]);
    expect(site.deadlines).toEqual([120_000, 30_000, 30_000]);
  });

  it('by push is requested once, whether it is denied or not answered', async () => {
    const push = { users: withFactor({ type: 'push' }) };
    const authentication = { type: 'api-key', pushSeconds: 120 } as const;
    const denied = await openRelaySite({ site: push, authentication });
    denied.simulator.answerPush('pam-relay', 'denied');
    await expect(denied.use()).rejects.toMatchObject({ name: 'SignInRefused' });
    const unanswered = await openRelaySite({
      site: push,
      authentication,
      http: { deadline: () => AbortSignal.timeout(50) },
    });
    await expect(unanswered.use()).rejects.toMatchObject({ name: 'SignInRefused' });
    expect([denied.waits, unanswered.waits]).toEqual([[], []]);
  });
});

describe.each(['renegotiation', 'handshake'] as const)(
  'a client certificate, asked for by %s',
  (certificateRequest) => {
    const required = { clientCertificateRequired: true };
    const requiring = {
      users: [{ ...DEFAULT_APPLICATION, oauth: { ...oauth, ...required }, apiKey: { ...apiKey, ...required } }],
      switches: { certificateRequest },
    };
    const pem = async (simulator: PasswordSafeSimulator) => {
      const { certPem, keyPem } = await simulator.issueClientCertificate(PASSPHRASE);
      return { certificate: certPem, privateKey: keyPem };
    };

    it.each([
      [
        'a PKCS#12 file without a passphrase',
        async (simulator: PasswordSafeSimulator) => (await simulator.issueClientCertificate('')).pkcs12,
      ],
      [
        'a PKCS#12 file with its passphrase',
        async (simulator: PasswordSafeSimulator) => ({
          pkcs12Base64: (await simulator.issueClientCertificate(PASSPHRASE)).pkcs12.toString('base64'),
          passphrase: PASSPHRASE,
        }),
      ],
      ['PEM texts', pem],
    ])('is presented from %s, with either way to sign in', async (_what, certificate) => {
      for (const type of ['api-key', 'oauth'] as const) {
        const site = await openRelaySite({ site: requiring, authentication: { type }, certificate });
        await site.use();
        expect(site.simulator.audit.map(({ status }) => status).every((status) => status === 200)).toBe(true);
        expect(site.simulator.openSessions()).toEqual([]);
      }
    });

    it('is read again in a warm function', async () => {
      const stranger = await openRelaySite();
      const site = await openRelaySite({ site: requiring, certificate: () => pem(stranger.simulator) });
      await expect(site.use()).rejects.toMatchObject({ name: 'SignInRefused' });
      await site.put(CERTIFICATE_SECRET, await pem(site.simulator));
      await site.use();
      await site.use();
      expect(signInsOf(site)).toEqual([401, 200, 200]);
    });
  },
);
