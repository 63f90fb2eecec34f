import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RegistrationRules } from '#local/simulators/password-safe/registrations.ts';
import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { STEP_MS } from '#local/simulators/password-safe/totp.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { RelayError } from '#shared/errors.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import { KEY_BOOTSTRAP, OAUTH_BOOTSTRAP, openRelaySite, type RelaySite, type RelaySiteOptions } from './relay-site.ts';

/** Test data: the report of each cause, as documented on the page. */
const { columns, rows } = tableBelow('docs/sign-in.md', 'Why a sign-in is refused');

const SEED = 'JBSWY3DPEHPK3PXP';
const HOUR_MS = 3_600_000;
const WRONG = 'simulated and wrong';
const { oauth, apiKey } = DEFAULT_APPLICATION;
const OAUTH = { type: 'oauth' } as const;
const PUSH = { type: 'api-key', pushSeconds: 60 } as const;

interface Cause extends RelaySiteOptions {
  /** Step before the refused sign-in. */
  readonly interruption?: (site: RelaySite) => Promise<unknown> | unknown;
}

/** The default application user, with these rules on its registrations and these overrides. */
const userWith = (rules: RegistrationRules, more: Partial<SimulatedUser> = {}): SimulatedUser[] => [
  { ...DEFAULT_APPLICATION, oauth: { ...oauth, ...rules }, apiKey: { ...apiKey, ...rules }, ...more },
];
const site = (rules: RegistrationRules, more?: Partial<SimulatedUser>) => ({ users: userWith(rules, more) });
const alice = { runAs: DEFAULT_APPROVER.userName, apiKey: DEFAULT_APPROVER.apiKey.key };
const CERTIFIED: RegistrationRules = { clientCertificateRequired: true };

const pem = async (simulator: PasswordSafeSimulator) => {
  const { certPem, keyPem } = await simulator.issueClientCertificate(WRONG);
  return { certificate: certPem, privateKey: keyPem };
};

const CAUSES: Readonly<Record<string, Cause>> = {
  'API key: the key was rotated': {
    interruption: ({ simulator }) => simulator.changeUser('pam-relay', { apiKey: { key: 'simulated9'.repeat(12) } }),
  },
  'API key: the user in `runAs` is not the user of the key': { bootstrap: { ...KEY_BOOTSTRAP, runAs: alice.runAs } },
  'API key: a password is required, and the secret has none': { bootstrap: alice },
  'API key: the password is wrong': { bootstrap: { ...alice, password: WRONG } },
  'The user is quarantined or locked': { site: site({}, { quarantined: true }) },
  'The address of the relay is not in the IP rules': { site: site({ ipRules: ['10.0.0.0/8'] }) },
  'An X-Forwarded-For rule, and no load balancer that sets the header': {
    site: site({ forwardedForRules: ['127.0.0.1'] }),
  },
  'An X-Forwarded-For rule without the address of the relay': {
    site: site({ forwardedForRules: ['198.51.100.0/24'] }),
    between: (headers) => headers.set('x-forwarded-for', '203.0.113.7'),
  },
  'A client certificate is required, and none is set': { site: site(CERTIFIED) },
  'The vault does not trust the CA of the client certificate': {
    site: site(CERTIFIED),
    certificate: async () => pem((await openRelaySite()).simulator),
  },
  'The registration verifies the PSRUN signature': { site: site({ psrunRequired: true }) },
  'The licence is not valid, answered with 401': { site: { switches: { licence: 'invalid', licenceRefusal: 401 } } },
  'A proxy in between drops the header with the factors': { between: (headers) => headers.delete('authorization') },
  'A second factor is required, and the secret has no seed': {
    site: site({}, { secondFactor: { type: 'totp', seed: SEED } }),
  },
  'The code of the second factor is wrong': {
    site: site({}, { secondFactor: { type: 'totp', seed: SEED } }),
    bootstrap: { ...KEY_BOOTSTRAP, totpSeed: 'GEZDGNBVGY3TQOJQ' },
  },
  'The code of the second factor was already used': {
    site: { ...site({}, { secondFactor: { type: 'totp', seed: SEED } }), switches: { usedCode: 'refused' } },
    bootstrap: { ...KEY_BOOTSTRAP, totpSeed: SEED },
    interruption: async ({ use, clock }) => {
      await use();
      clock.now += STEP_MS / 2;
    },
  },
  'The push was denied': {
    site: site({}, { secondFactor: { type: 'push' } }),
    authentication: PUSH,
    interruption: ({ simulator }) => simulator.answerPush('pam-relay', 'denied'),
  },
  'The push was not answered': {
    site: site({}, { secondFactor: { type: 'push' } }),
    authentication: PUSH,
    http: { deadline: () => AbortSignal.timeout(50) },
  },
  'OAuth: the client id or secret is wrong, or the registration is of the other type': {
    authentication: OAUTH,
    bootstrap: { ...OAUTH_BOOTSTRAP, clientSecret: WRONG },
  },
  'OAuth: the client secret has expired': {
    site: { users: [{ ...DEFAULT_APPLICATION, oauth: { ...oauth, secretExpiresAt: 0 } }] },
    authentication: OAUTH,
  },
  "OAuth: the registration's rules refuse the token call": {
    site: site({ ipRules: ['10.0.0.0/8'] }),
    authentication: OAUTH,
  },
  'OAuth: the vault no longer accepts the cached token': {
    authentication: OAUTH,
    interruption: async ({ use, simulator }) => {
      await use();
      simulator.switches.clockSkewMs = HOUR_MS;
    },
  },
  'OAuth: the user in `runAs` shares no group with the application user': {
    site: {
      users: [
        { ...DEFAULT_APPLICATION, groups: ['relays'] },
        { ...DEFAULT_APPROVER, groups: ['people'] },
      ],
    },
    authentication: { ...OAUTH, runAs: DEFAULT_APPROVER.userName },
  },
  'The session expired, or an administrator ended it': {
    interruption: ({ simulator }) =>
      simulator.faults.add({ kind: 'listRequests', effect: { type: 'status', status: 401 } }),
  },
  'Every session ends at once: a proxy drops cookies, or the number of sessions is limited': {
    between: (headers) => headers.delete('cookie'),
  },
  'The web server requires a client certificate and answers with 403': {
    site: { ...site(CERTIFIED), switches: { badCertificate: 403 } },
  },
  'The web server requires a client certificate and closes the connection': {
    site: { ...site(CERTIFIED), switches: { badCertificate: 'reset' } },
  },
  'The licence is not valid, answered with 403': { site: { switches: { licence: 'invalid' } } },
  'The user is quarantined, answered with 403': {
    site: { ...site({}, { quarantined: true }), switches: { quarantine: 403 } },
  },
  'The bootstrap secret is missing': { bootstrap: null },
  'The bootstrap secret has the wrong content': { bootstrap: OAUTH_BOOTSTRAP },
  'The passphrase does not open the client certificate': {
    site: site(CERTIFIED),
    certificate: async (simulator) => ({
      pkcs12Base64: (await simulator.issueClientCertificate('simulated')).pkcs12.toString('base64'),
      passphrase: WRONG,
    }),
  },
};

const refusalOf = (use: Promise<void>): Promise<RelayError | undefined> =>
  use.then(
    () => undefined,
    (error: unknown) => (error instanceof RelayError ? error : expect.fail(inspect(error))),
  );

const plain = (cell = ''): string => cell.replaceAll('`', '');

describe('a refused sign-in', () => {
  it('is tested for every cause on the page, and for no other', () => {
    expect(columns).toEqual(['answer', 'error', 'the message says', 'what to do']);
    expect(Object.keys(CAUSES)).toEqual([...rows.keys()]);
  });

  it.each([...rows])('%s', async (cause, [answer, error, words, remedy]) => {
    const { interruption, ...options } = CAUSES[cause] ?? {};
    const opened = await openRelaySite(options);
    await interruption?.(opened);
    const before = opened.simulator.audit.length;
    const refusal = await refusalOf(opened.use());
    const answered = opened.simulator.audit.slice(before).find(({ status }) => status >= 400);
    expect([String(answered?.status ?? 'none'), refusal?.name ?? 'none']).toEqual([answer, error]);
    const message = refusal?.message ?? '';
    expect(message).toContain(plain(words));
    expect(message).not.toContain(WRONG);
    expect(remedy).not.toBe('');
    if (error !== 'SignInRefused') return;
    // Final, reported once, and never repeated: the vault audits and mails each refusal.
    expect([refusal?.retryable, opened.refused, opened.waits]).toEqual([false, ['corp-vault'], []]);
    expect(opened.simulator.openSessions()).toEqual([]);
  });
});
