import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { listAll } from '../vault-bench.ts';
import { openRelaySite } from './relay-site.ts';
import { anyItem, countCalls, errorOf, open, RULE, readsOf } from './site.ts';

const { clientId, permissions } = DEFAULT_API_ACCOUNT;
const findNothing = { accountName: 'nothing', groupName: 'Databases' };
const DENIED = { error: 'access_denied', message: 'The resource owner or authorization server denied the request.' };

describe('the token', () => {
  it('is one for all processes, until it ends', async () => {
    const { simulator, vault, openAgain, clock } = await openRelaySite();
    const other = await openAgain();
    for (const one of [vault, other, vault]) await one.session((session) => listAll(session, RULE));
    expect(simulator.issuedTokens()).toBe(1);
    clock.now += 3_600_000;
    for (const one of [other, vault]) await one.session((session) => listAll(session, RULE));
    expect(simulator.issuedTokens()).toBe(2);
  });

  it('is requested once by twenty processes that meet its end, or its refusal, at once', async () => {
    const { simulator, vault, openAgain, clock } = await openRelaySite();
    const processes = [vault, ...(await Promise.all(Array.from({ length: 19 }, openAgain)))];
    const workAll = (meet: () => Promise<void> = async () => {}) =>
      Promise.all(
        processes.map((one) =>
          one.session(async (session) => {
            await session.find(RULE, findNothing);
            await meet();
            await session.find(RULE, findNothing);
          }),
        ),
      );
    await workAll();
    expect(simulator.issuedTokens()).toBe(1);
    clock.now += 3_600_000;
    await workAll();
    expect(simulator.issuedTokens()).toBe(2);
    const killed = Promise.withResolvers<void>();
    let working = 0;
    await workAll(() => {
      working += 1;
      if (working === processes.length) {
        simulator.killTokens(clientId);
        killed.resolve();
      }
      return killed.promise;
    });
    expect(simulator.issuedTokens()).toBe(3);
    expect(simulator.liveTokens(clientId)).toHaveLength(1);
  });

  it('that the site ended is renewed once for all calls of a session', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      simulator.killTokens(clientId);
      await Promise.all([...Array.from({ length: 10 }, () => session.find(RULE, findNothing)), open(session, item)]);
      expect(simulator.issuedTokens()).toBe(2);
      await readsOf(session).close(item, 'done');
    });
    expect(simulator.checkedOut(DEFAULT_API_ACCOUNT.name)).toEqual([]);
  });

  it('that is refused again is not renewed again', async () => {
    const { simulator, vault } = await openRelaySite();
    const effect = { type: 'status', status: 401, body: JSON.stringify(DENIED) } as const;
    await vault.session(async (session) => {
      await listAll(session, RULE);
      simulator.faults.add({ kind: 'list', times: Number.POSITIVE_INFINITY, effect });
      for (const _ of [1, 2, 3]) expect((await errorOf(session.find(RULE, findNothing))).name).toBe('SessionLost');
    });
    expect([simulator.issuedTokens(), countCalls(simulator, 'list')]).toEqual([2, 1 + 2 + 1 + 1]);
  });

  it('is kept after a 401 about a parameter, which no token would change', async () => {
    const { simulator, vault } = await openRelaySite();
    const effect = { type: 'status', status: 401, body: '{"message":"Unknown parameter"}' } as const;
    simulator.faults.add({ kind: 'list', effect });
    const error = await errorOf(vault.session((session) => listAll(session, RULE)));
    expect([error.name, simulator.issuedTokens(), countCalls(simulator, 'list')]).toEqual(['ContractViolated', 1, 1]);
  });

  it('is not requested again after a new secret was refused', async () => {
    const { simulator, vault, refused, putBootstrap } = await openRelaySite();
    const refusal = errorOf(
      vault.session(async (session) => {
        const item = await anyItem(session, simulator);
        simulator.changeApiAccount(clientId, { clientSecret: 'canary-regenerated' });
        await Promise.all([1, 2, 3].map(() => errorOf(session.find(RULE, findNothing))));
        return open(session, item);
      }),
    );
    expect(await refusal).toMatchObject({ name: 'SignInRefused', message: expect.not.stringContaining('canary-') });
    expect([countCalls(simulator, 'token'), refused]).toEqual([2, ['pra']]);
    await putBootstrap({ clientId, clientSecret: ' canary-regenerated\n' });
    await vault.session((session) => listAll(session, RULE));
    expect(countCalls(simulator, 'token')).toBe(3);
  });

  it('is accepted whatever the case of its type and its lifetime', async () => {
    const { vault, clock } = await openRelaySite({ site: { switches: { tokenType: 'bearer', tokenSeconds: 1799 } } });
    const { expiresAt } = await vault.ensureSignIn();
    expect(Date.parse(expiresAt ?? '') - clock.now).toBe(1_799_000);
    await vault.session((session) => listAll(session, RULE));
  });

  it.each([
    ['status', 500, 'VaultUnavailable'],
    ['reset', 0, 'VaultUnavailable'],
    ['status', 200, 'AnswerMalformed'],
  ] as const)('is requested once if its answer is %s %i', async (type, status, name) => {
    const { simulator, vault } = await openRelaySite();
    const effect = type === 'reset' ? ({ type, when: 'after' } as const) : { type, status, when: 'after' as const };
    simulator.faults.add({ kind: 'token', effect });
    expect((await errorOf(vault.ensureSignIn())).name).toBe(name);
    expect(countCalls(simulator, 'token')).toBe(1);
  });

  it('that cannot be renewed leaves the call without an effect', async () => {
    const { simulator, vault } = await openRelaySite();
    const error = await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      simulator.killTokens(clientId);
      simulator.faults.add({ kind: 'token', effect: { type: 'status', status: 500 } });
      return errorOf(open(session, item));
    });
    expect([error.name, error.mayHaveHappened]).toEqual(['VaultUnavailable', false]);
  });

  it('is refused by JSON with an error, even with the status 200', async () => {
    const { simulator, vault, refused } = await openRelaySite();
    simulator.faults.add({
      kind: 'token',
      effect: { type: 'status', status: 200, body: '{"error":"invalid_client"}' },
    });
    expect([(await errorOf(vault.ensureSignIn())).name, refused]).toEqual(['SignInRefused', ['pra']]);
  });

  it.each([59, 1, 0, -1])('with a lifetime of %i s is not used', async (tokenSeconds) => {
    const { vault } = await openRelaySite({ site: { switches: { tokenSeconds } } });
    expect((await errorOf(vault.ensureSignIn())).name).toBe('AnswerMalformed');
  });

  it.each(['{"clientId":"a"}', '{"clientId":"a:b","clientSecret":"c"}', 'canary-text'])(
    'cannot be requested with the bootstrap secret %s',
    async (bootstrap) => {
      const { vault, simulator } = await openRelaySite({ bootstrap });
      const error = await errorOf(vault.ensureSignIn());
      expect(error).toMatchObject({ name: 'BootstrapUnusable', message: expect.stringContaining('put-secret-value') });
      expect([error.message.includes('canary-'), countCalls(simulator, 'token')]).toEqual([false, 0]);
    },
  );
});

describe('an error', () => {
  const inList = async (status: number, body?: string, contentType = 'application/json') => {
    const { simulator, vault } = await openRelaySite();
    const effect = { type: 'status', status, contentType, ...(body !== undefined && { body }) } as const;
    simulator.faults.add({ kind: 'list', times: Number.POSITIVE_INFINITY, effect });
    return errorOf(vault.session((session) => listAll(session, RULE)));
  };

  it.each([
    [301, 'RequestRejected'],
    [404, 'NotFound'],
    [405, 'RequestRejected'],
    [418, 'RequestRejected'],
    [422, 'RequestRejected'],
    [429, 'RateLimited'],
    [503, 'VaultUnavailable'],
  ])('with the status %i is %s', async (status, name) => {
    expect((await inList(status)).name).toBe(name);
  });

  it.each([
    [200, JSON.stringify(DENIED), 'SessionLost'],
    [200, '<error xmlns="x">canary-x</error>', 'RequestRejected'],
    [200, '<html>canary-x</html>', 'AnswerMalformed'],
    [404, '<html>canary-x</html>', 'RequestRejected'],
    [401, '<html>canary-x</html>', 'RequestRejected'],
    [403, '<html>canary-x</html>', 'RequestRejected'],
  ])('with the status %i and the text %s is %s', async (status, body, name) => {
    const error = await inList(status, body, body.startsWith('<') ? 'text/html' : undefined);
    expect([error.name, error.message.includes('canary')]).toEqual([name, false]);
  });

  it('about a permission names the product and the missing permission, if the site shows them', async () => {
    const { simulator, vault } = await openRelaySite();
    const list = () => errorOf(vault.session((session) => listAll(session, RULE)));
    simulator.changeApiAccount(clientId, { permissions: { ...permissions, vaultAccounts: false } });
    const { name, message } = await list();
    expect(name).toBe('PermissionMissing');
    expect(message).toMatch(
      /Manage Vault Accounts.*network restrictions.*Privileged Remote Access site.*lacks Manage Vault Accounts\.$/,
    );
    await list();
    expect([countCalls(simulator, 'mechanisms'), countCalls(simulator, 'info')]).toEqual([1, 1]);
  });

  it('about a permission is the same if the site shows nothing', async () => {
    const { simulator, vault } = await openRelaySite({ site: { switches: { product: 'rs', xmlApi: 'off' } } });
    simulator.changeApiAccount(clientId, { permissions: { ...permissions, configuration: false } });
    const { message } = await errorOf(vault.session((session) => listAll(session, RULE)));
    expect(message).toMatch(/The site is a Remote Support site\.$/);
  });

  it.each([401, 403] as const)('about a network names it, with the status %i', async (deniedNetworkToken) => {
    const { simulator, vault, refused } = await openRelaySite({ site: { switches: { deniedNetworkToken } } });
    simulator.changeApiAccount(clientId, { networks: ['10.0.0.0/8'] });
    const error = await errorOf(vault.ensureSignIn());
    expect([error.name, refused]).toEqual(['SignInRefused', ['pra']]);
    expect(error.message).toMatch(/network restrictions, which are separate from those of the site/);
  });

  it('about a network names it at a call as well', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.ensureSignIn();
    simulator.changeApiAccount(clientId, { networks: ['10.0.0.0/8'] });
    const error = await errorOf(vault.session((session) => listAll(session, RULE)));
    expect([error.name, /network restrictions/.test(error.message)]).toEqual(['PermissionMissing', true]);
  });
});
