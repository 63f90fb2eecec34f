import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RegistrationRules } from '#local/simulators/password-safe/registrations.ts';
import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { STEP_MS } from '#local/simulators/password-safe/totp.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { RelayError } from '#shared/errors.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';
import { KEY_BOOTSTRAP, OAUTH_BOOTSTRAP, openRelaySite, type RelaySite, type RelaySiteOptions } from './relay-site.ts';

/** The page says how each cause is told, and is held to it here: this is the test's data. */
const { columns, rows } = tableBelow('docs/sign-in.md', 'Why a sign-in is refused');

const SEED = 'JBSWY3DPEHPK3PXP';
const HOUR_MS = 3_600_000;
const WRONG = 'simulated and wrong';
const { oauth, apiKey } = DEFAULT_APPLICATION;
const OAUTH = { type: 'oauth' } as const;
const PUSH = { type: 'api-key', pushSeconds: 60 } as const;

interface Cause extends RelaySiteOptions {
  /** What happens before the sign-in that is refused. */
  readonly befalls?: (site: RelaySite) => Promise<unknown> | unknown;
}

/** The default application user, with these rules on its registrations and this about itself. */
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
    befalls: ({ simulator }) => simulator.changeUser('pam-relay', { apiKey: { key: 'simulated9'.repeat(12) } }),
  },
  'API key: the user to run as is not the one of the key': { bootstrap: { ...KEY_BOOTSTRAP, runAs: alice.runAs } },
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
  'The licence is not valid, told as 401': { site: { switches: { licence: 'invalid', licenceRefusal: 401 } } },
  'A proxy in between drops the header with the factors': { between: (headers) => headers.delete('authorization') },
  'A second factor is asked for, and the secret has no seed': {
    site: site({}, { secondFactor: { type: 'totp', seed: SEED } }),
  },
  'The code of the second factor is wrong': {
    site: site({}, { secondFactor: { type: 'totp', seed: SEED } }),
    bootstrap: { ...KEY_BOOTSTRAP, totpSeed: 'GEZDGNBVGY3TQOJQ' },
  },
  'The code of the second factor was used already': {
    site: { ...site({}, { secondFactor: { type: 'totp', seed: SEED } }), switches: { usedCode: 'refused' } },
    bootstrap: { ...KEY_BOOTSTRAP, totpSeed: SEED },
    befalls: async ({ use, clock }) => {
      await use();
      clock.now += STEP_MS / 2;
    },
  },
  'Somebody denied the push': {
    site: site({}, { secondFactor: { type: 'push' } }),
    authentication: PUSH,
    befalls: ({ simulator }) => simulator.answerPush('pam-relay', 'denied'),
  },
  'Nobody answered the push': {
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
  "OAuth: the token call is kept out by the registration's rules": {
    site: site({ ipRules: ['10.0.0.0/8'] }),
    authentication: OAUTH,
  },
  'OAuth: the vault no longer knows the cached token': {
    authentication: OAUTH,
    befalls: async ({ use, simulator }) => {
      await use();
      simulator.switches.clockSkewMs = HOUR_MS;
    },
  },
  'OAuth: the user to run as shares no group with the application user': {
    site: {
      users: [
        { ...DEFAULT_APPLICATION, groups: ['relays'] },
        { ...DEFAULT_APPROVER, groups: ['people'] },
      ],
    },
    authentication: { ...OAUTH, runAs: DEFAULT_APPROVER.userName },
  },
  'The session ended, by itself or by an administrator': {
    befalls: ({ simulator }) => simulator.faults.add({ kind: 'listRequests', effect: { type: 'status', status: 401 } }),
  },
  'Every session ends at once: a proxy drops cookies, or a limit of sessions': {
    between: (headers) => headers.delete('cookie'),
  },
  'The web server wants a client certificate, told as 403': {
    site: { ...site(CERTIFIED), switches: { badCertificate: 403 } },
  },
  'The web server wants a client certificate, told by breaking off': {
    site: { ...site(CERTIFIED), switches: { badCertificate: 'reset' } },
  },
  'The licence is not valid, told as 403': { site: { switches: { licence: 'invalid' } } },
  'The user is quarantined, told as 403': {
    site: { ...site({}, { quarantined: true }), switches: { quarantine: 403 } },
  },
  'The bootstrap secret is missing': { bootstrap: null },
  'The bootstrap secret holds something else': { bootstrap: OAUTH_BOOTSTRAP },
  'The client certificate can not be opened by its passphrase': {
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
  it('is looked at from every cause that the page has, and no other', () => {
    expect(columns).toEqual(['answer', 'error', 'the message says', 'what to do']);
    expect(Object.keys(CAUSES)).toEqual([...rows.keys()]);
  });

  it.each([...rows])('%s', async (cause, [answer, error, words, remedy]) => {
    const { befalls, ...options } = CAUSES[cause] ?? {};
    const opened = await openRelaySite(options);
    await befalls?.(opened);
    const before = opened.simulator.audit.length;
    const refusal = await refusalOf(opened.use());
    const answered = opened.simulator.audit.slice(before).find(({ status }) => status >= 400);
    expect([String(answered?.status ?? 'none'), refusal?.name ?? 'none']).toEqual([answer, error]);
    const message = refusal?.message ?? '';
    expect(message).toContain(plain(words));
    expect(message).not.toContain(WRONG);
    expect(remedy).not.toBe('');
    if (error !== 'SignInRefused') return;
    // Final, told once, and never repeated: each refusal is audited and mailed.
    expect([refusal?.retryable, opened.refused, opened.waits]).toEqual([false, ['corp-vault'], []]);
    expect(opened.simulator.openSessions()).toEqual([]);
  });
});
