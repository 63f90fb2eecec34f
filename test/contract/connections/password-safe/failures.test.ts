import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { oauthAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { LeaseTerms } from '#shared/connections/vault.ts';
import type { ErrorName, RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { termsOf } from '#test/support/terms.ts';
import { connection, itemOf, leasesOf, openSite, pick, type TestSite, textIn } from './site.ts';

/** Returns the error of a read under a fault in that call. The session ends normally. */
const failRead = async (site: TestSite, effect: FaultEffect, times = Number.POSITIVE_INFINITY): Promise<RelayError> =>
  await site.vault.session(async (session) => {
    const [item, leases] = [itemOf(pick(site)), leasesOf(session)];
    const { id } = await leases.open(item, termsOf());
    site.simulator.faults.add({ kind: 'credential', times, effect });
    return await site.failureOf(leases.read(id, item));
  });

const failOpen = async (site: TestSite, effect: FaultEffect, times = Number.POSITIVE_INFINITY): Promise<RelayError> =>
  await site.vault.session(async (session) => {
    site.simulator.faults.add({ kind: 'request', times, effect });
    return await site.failureOf(leasesOf(session).open(itemOf(pick(site)), termsOf()));
  });

const status = (code: number, body?: string): FaultEffect =>
  body === undefined ? { type: 'status', status: code } : { type: 'status', status: code, body };

describe('an answer to a request', () => {
  it.each(['bare', 'quoted'] as const)(
    'that was not granted is classified by codes that are %s',
    async (specialCodes) => {
      const site = await openSite({ switches: { specialCodes } });
      await site.vault.session(async (session) => {
        const [plain, leases] = [pick(site), leasesOf(session)];
        const refused = (account: Parameters<typeof itemOf>[0], more: Partial<LeaseTerms> = {}) =>
          site.failureOf(leases.open(itemOf(account), termsOf(more)));
        expect((await refused(pick(site, 'not-requestable'))).name).toBe('NotRequestable');
        expect((await refused({ ...plain, systemId: 0 })).name).toBe('NotRequestable');
        const waiting = itemOf(pick(site, 'approval'));
        const { id } = await leases.open(waiting, termsOf());
        expect((await site.failureOf(leases.read(id, waiting))).name).toBe('ApprovalPending');
        expect((await refused(plain, { minutes: 0 })).name).toBe('RequestRejected');
        expect((await refused(plain, { reason: 'x'.repeat(1001) })).name).toBe('RequestRejected');
      });
    },
  );

  it('that another client holds is a conflict', async () => {
    for (const conflictBody of ['sentence', 'digits'] as const) {
      const site = await openSite({ switches: { conflictBody } });
      await site.vault.session(async (session) => {
        const [item, leases] = [itemOf(pick(site, 'approval')), leasesOf(session)];
        await leases.open(item, termsOf());
        const error = await site.failureOf(leases.open(item, termsOf()));
        expect(error).toMatchObject({ name: 'RequestConflict', retryable: true, mayHaveHappened: false });
      });
    }
  });

  it('that has ended is a lease that is gone, to be requested again', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      const [item, leases] = [itemOf(pick(site)), leasesOf(session)];
      const { id } = await leases.open(item, termsOf());
      site.clock.now += 16 * 60_000;
      expect(await site.failureOf(leases.read(id, item))).toMatchObject({
        name: 'LeaseGone',
        retryable: true,
      });
      expect((await site.failureOf(leases.read('987654', item))).name).toBe('LeaseGone');
    });
  });

  it.each<[FaultEffect, ErrorName, number]>([
    [status(400), 'RequestRejected', 1],
    [status(403), 'PermissionMissing', 1],
    [status(403, '4032'), 'PermissionMissing', 1],
    [status(403, '"4035"'), 'ApproversMissing', 1],
    [status(404), 'LeaseGone', 1],
    [status(409, '4091'), 'RequestConflict', 1],
    [status(410), 'ApiVersionDisabled', 1],
    [status(415), 'MediaTypeRefused', 1],
    [status(302), 'RequestRejected', 1],
    [status(500), 'VaultUnavailable', 3],
    [status(503), 'VaultUnavailable', 3],
    [{ type: 'rate-limited' }, 'RateLimited', 3],
    [{ type: 'rate-limited', retryAfter: '3600' }, 'RateLimited', 1],
    [{ type: 'reset', when: 'before' }, 'VaultUnavailable', 3],
    [{ type: 'reset', when: 'after' }, 'VaultUnavailable', 3],
    [{ type: 'cut-off' }, 'AnswerTruncated', 3],
    [{ type: 'huge', bytes: 2_000_000 }, 'AnswerTooLarge', 1],
    [{ type: 'malformed' }, 'AnswerMalformed', 1],
    [{ type: 'wrong-content-type' }, 'AnswerMalformed', 1],
    [{ type: 'wrong-shape' }, 'AnswerMalformed', 1],
    [{ type: 'wrong-shape', value: '' }, 'AnswerMalformed', 1],
  ])('of %j when a credential is read is %s, after %i attempts', async (effect, name, attempts) => {
    const site = await openSite();
    expect(await failRead(site, effect)).toMatchObject({ name, mayHaveHappened: false });
    expect(site.simulator.audit.filter(({ kind }) => kind === 'credential')).toHaveLength(attempts);
    expect(site.simulator.openSessions()).toEqual([]);
  });

  it('that comes too late is a time-out', async () => {
    let expires = false;
    const deadline = () => (expires ? AbortSignal.timeout(10) : new AbortController().signal);
    const site = await openSite({}, { deadline });
    const error = await site.vault.session(async (session) => {
      const [item, leases] = [itemOf(pick(site)), leasesOf(session)];
      const { id } = await leases.open(item, termsOf());
      site.simulator.faults.add({ kind: 'credential', times: 3, effect: { type: 'endless' } });
      expires = true;
      const failure = await site.failureOf(leases.read(id, item));
      expires = false;
      return failure;
    });
    expect(error).toMatchObject({ name: 'AnswerTimedOut', mayHaveHappened: false });
  });

  it('is read at the next attempt if only one failed', async () => {
    for (const effect of [status(500), { type: 'cut-off' }, { type: 'reset', when: 'after' }] as const) {
      const site = await openSite();
      const account = pick(site);
      await site.vault.session(async (session) => {
        const [item, leases] = [itemOf(account), leasesOf(session)];
        const { id } = await leases.open(item, termsOf());
        site.simulator.faults.add({ kind: 'credential', effect });
        expect(textIn(await leases.read(id, item))).toBe(account.credential);
      });
    }
  });

  it('waits as long as the answer asks', async () => {
    const site = await openSite({}, { random: () => 0 });
    const account = pick(site);
    await site.vault.session(async (session) => {
      const [item, leases] = [itemOf(account), leasesOf(session)];
      const { id } = await leases.open(item, termsOf());
      const retryAfter = new Date(site.clock.now + 9000).toUTCString();
      site.simulator.faults.add({ kind: 'credential', effect: { type: 'rate-limited', retryAfter } });
      await leases.read(id, item);
    });
    expect(site.waits).toEqual([9000]);
  });
});

describe('opening a request', () => {
  it.each<[FaultEffect, ErrorName]>([
    [{ type: 'reset', when: 'after' }, 'VaultUnavailable'],
    [{ type: 'reset', when: 'before' }, 'VaultUnavailable'],
    [{ type: 'cut-off' }, 'AnswerTruncated'],
    [{ type: 'status', status: 500, when: 'after' }, 'VaultUnavailable'],
    [{ type: 'malformed' }, 'AnswerMalformed'],
    [{ type: 'wrong-shape' }, 'AnswerMalformed'],
  ])('with %j may have happened, and is never repeated', async (effect, name) => {
    const site = await openSite();
    expect(await failOpen(site, effect)).toMatchObject({ name, mayHaveHappened: true });
    expect(site.simulator.audit.filter(({ kind }) => kind === 'request')).toHaveLength(1);
  });

  it('is found again by its reason when the answer was lost', async () => {
    const site = await openSite();
    await site.vault.session(async (session) => {
      site.simulator.faults.add({ kind: 'request', effect: { type: 'reset', when: 'after' } });
      const leases = leasesOf(session);
      await site.failureOf(leases.open(itemOf(pick(site)), termsOf({ reason: 'sync [a/b/7]' })));
      expect(await leases.held()).toMatchObject([{ reason: 'sync [a/b/7]', status: 'active' }]);
    });
  });

  it('is repeated after a 429, which did nothing, and opens one request', async () => {
    const site = await openSite();
    site.simulator.faults.add({ kind: 'request', times: 2, effect: { type: 'rate-limited', retryAfter: '1' } });
    const opened = await site.vault.session((session) => leasesOf(session).open(itemOf(pick(site)), termsOf()));
    expect(opened.ours).toBe(true);
    expect(site.effects('request')).toBe(1);
  });
});

describe('a site that cannot be trusted or reached', () => {
  it('reports that the certificate is not trusted, and that ca has to be set', async () => {
    const site = await openSite({}, { ca: undefined });
    const error = await site.failureOf(site.vault.session(async () => undefined));
    expect(error.name).toBe('VaultUnavailable');
    expect(error.message).toMatch(/not trusted\. Set ca in relay.yaml/);
    expect(site.simulator.audit).toEqual([]);
  });

  it('reports that the url is not that of the API', async () => {
    const site = await openSite();
    const http = createHttp({
      connection,
      url: new URL('/elsewhere', site.simulator.url).href,
      ca: site.simulator.caPem,
      limits: { inFlight: 1, perSecond: 10, timeoutSeconds: 30 },
    });
    const tokens = { get: async () => new Secret('t'), drop: async () => undefined };
    const vault = createPasswordSafe({
      connection,
      http: async () => http,
      authenticator: oauthAuthenticator({ connection, tokens }),
      onSignOutFailure: () => undefined,
    });
    const clientSecret = new Secret('s');
    const calls = [vault.session(async () => undefined), requestToken({ http, clientId: 'c', clientSecret })];
    for (const error of await Promise.all(calls.map(site.failureOf))) {
      expect(error.name).toBe('RequestRejected');
      expect(error.message).toMatch(/404.*Check the url in relay.yaml/);
    }
    await http.close();
  });
});
