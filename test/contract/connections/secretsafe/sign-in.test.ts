import { describe, expect, it } from 'vitest';
import type { CommonFault } from '#local/simulators/common/faults.ts';
import type { RelayError } from '#shared/errors.ts';
import { openRelaySite } from './relay-site.ts';

const failureOf = (call: Promise<unknown>): Promise<RelayError> =>
  call.then(
    () => Promise.reject(new Error('The call succeeded.')),
    (error: RelayError) => error,
  );

describe('signing in to an organization', () => {
  it('takes one token for all processes, and shows no secret', async () => {
    const { simulator, directory, openAgain, leaksIn } = await openRelaySite();
    const { expiresAt } = await directory.ensureSignIn();
    expect(expiresAt).toBe('2026-03-01T13:00:00.000Z');
    for (const one of [directory, await openAgain()]) await one.session((session) => session.groups());
    expect(simulator.issuedTokens()).toHaveLength(1);
    expect(leaksIn(JSON.stringify(simulator.audit))).toEqual([]);
  });

  it('sends the device, which some servers require', async () => {
    const { directory } = await openRelaySite({ site: { switches: { deviceFields: 'required' } } });
    await expect(directory.ensureSignIn()).resolves.toBeDefined();
  });

  it.each(['today', 'import-only'] as const)(
    'is final if the key is refused, by a server of the kind %s',
    async (era) => {
      const site = await openRelaySite({ site: { switches: { era } } });
      site.simulator.rotateApiKey();
      const error = await failureOf(site.directory.ensureSignIn());
      expect(error).toMatchObject({ name: 'SignInRefused', message: expect.stringContaining('bootstrap secret') });
      expect(site.simulator.audit.filter(({ kind }) => kind === 'token')).toHaveLength(1);
      expect(site.refused).toEqual(['people']);
      expect(site.leaksIn(error.message)).toEqual([]);
    },
  );

  it('keeps a token of the old key, and takes the new key from the bootstrap secret', async () => {
    const { simulator, directory, putBootstrap } = await openRelaySite();
    await directory.ensureSignIn();
    simulator.rotateApiKey();
    await directory.session((session) => session.groups());
    expect(simulator.issuedTokens()).toHaveLength(1);
    await putBootstrap(simulator.apiKey());
    await directory.ensureSignIn();
    expect(simulator.issuedTokens()).toHaveLength(2);
  });

  it('renews a refused token once, for all calls together', async () => {
    const { simulator, inSession, clock } = await openRelaySite();
    await inSession(async (session) => {
      // The server's clock is ahead, so the token ends before the relay expects it.
      await session.groups();
      simulator.switches.clockSkewMs = 3_700_000;
      await Promise.all([session.groups(), session.members(), session.policies()]);
      expect(simulator.issuedTokens()).toHaveLength(2);
      simulator.switches.clockSkewMs = 9_000_000;
      clock.now += 1;
      expect(await failureOf(session.groups())).toMatchObject({ name: 'SessionLost' });
    });
  });

  it.each<[string, CommonFault]>([
    ['a 503 that names a time', { type: 'status', status: 503, headers: { 'retry-after': '7' } }],
    ['a lost answer', { type: 'reset', when: 'after' }],
  ])('requests a token again after %s, three times at most', async (_what, effect) => {
    const { simulator, directory, waits } = await openRelaySite();
    const requests = () => simulator.audit.filter(({ kind }) => kind === 'token').length;
    simulator.faults.add({ kind: 'token', effect, times: 5 });
    // Functions that wait for the token fail with it, as after any renewal that may have taken place.
    const failure = { name: 'VaultUnavailable', retryable: true, mayHaveHappened: true };
    expect(await failureOf(directory.ensureSignIn())).toMatchObject(failure);
    expect(requests()).toBe(3);
    await expect(directory.ensureSignIn()).resolves.toBeDefined();
    expect(requests()).toBe(6);
    if (effect.type === 'status') expect(Math.min(...waits)).toBeGreaterThanOrEqual(7000);
  });

  it.each([
    ['no JSON', 'x'],
    [
      'the key of a person',
      JSON.stringify({ clientId: 'user.11111111-2222-4333-8444-555555555555', clientSecret: 'x' }),
    ],
    ['no secret', JSON.stringify({ clientId: 'organization.11111111-2222-4333-8444-555555555555' })],
  ])('needs a usable bootstrap secret, not %s', async (_what, bootstrap) => {
    const { directory, simulator } = await openRelaySite({ bootstrap });
    expect(await failureOf(directory.ensureSignIn())).toMatchObject({
      name: 'BootstrapUnusable',
      message: expect.stringContaining('organization.'),
    });
    expect(simulator.audit).toEqual([]);
  });
});

describe('the limits of a server', () => {
  it('are waited for, as long as the answer says', async () => {
    const { simulator, inSession, waits } = await openRelaySite();
    simulator.faults.add({ kind: 'groups', effect: { type: 'rate-limited', retryAfter: '17' } });
    await inSession((session) => session.groups());
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(17_000);
  });

  it.each([
    ['at the time of the header', '2026-03-01T12:00:09Z', 9000],
    ['soon, if the header is no date', '40', 1000],
  ])('end a wait without Retry-After %s', async (_what, reset, ms) => {
    const { simulator, inSession, waits } = await openRelaySite();
    const headers = { 'x-rate-limit-reset': reset };
    simulator.faults.add({ kind: 'groups', effect: { type: 'status', status: 429, headers } });
    await inSession((session) => session.groups());
    expect(waits[0]).toBeGreaterThanOrEqual(ms);
    expect(waits[0]).toBeLessThan(ms + 1001);
  });

  it('end no run that stays below them on average: 250 calls in the pace of the server', async () => {
    const { inSession, waits } = await openRelaySite({ site: { switches: { throttling: 'on' } } });
    await inSession(async (session) => {
      for (let call = 0; call < 250; call++) await session.policies();
    });
    expect(waits.length).toBeGreaterThan(0);
  });
});
