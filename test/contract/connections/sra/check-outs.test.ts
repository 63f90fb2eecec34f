import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { createFleet } from '#local/simulators/sra/fleet.ts';
import { listAll, terms } from '../vault-bench.ts';
import { openRelaySite } from './relay-site.ts';
import { anyItem, countCalls, errorOf, open, RULE, readsOf } from './site.ts';

const { clientId, name: OWN } = DEFAULT_API_ACCOUNT;

describe('a check-out', () => {
  it('returns the user and the certificate of a signed key beside the key', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator, 'ssh_ca');
      const { content } = await open(session, item);
      const account = simulator.accounts().find(({ id }) => String(id) === item.ref.id);
      const userName = account?.userName;
      expect(content).toMatchObject({ texts: { userName, certificate: expect.stringMatching(/./) } });
    });
  });

  it.each(['This account is already checked out.', 'Held.', 'It cannot be checked out because it is already in use'])(
    'of a held account is a conflict, without an effect: %s',
    async (heldMessage) => {
      const { simulator, vault } = await openRelaySite({ site: { switches: { heldMessage } } });
      const before = simulator.checkedOut();
      await vault.session(async (session) => {
        const { items } = await listAll(session, RULE);
        const held = items.find(({ ref }) => before.some(({ accountId }) => String(accountId) === ref.id));
        if (held === undefined) throw new Error('The site has no held account.');
        const error = await errorOf(open(session, held));
        expect(error).toMatchObject({ name: 'RequestConflict', mayHaveHappened: false });
        await readsOf(session).close(held, 'done');
      });
      expect([simulator.checkedOut(), countCalls(simulator, 'forceCheckIn', 'checkOut')]).toEqual([before, 1]);
    },
  );

  it('whose answer is lost or unreadable may have happened, and is never repeated', async () => {
    for (const effect of [
      { type: 'reset', when: 'after' },
      { type: 'malformed' },
      { type: 'status', status: 500, when: 'after' },
      { type: 'status', status: 200, body: '{"error":"x"}', when: 'after' },
    ] as const) {
      const { simulator, vault } = await openRelaySite();
      await vault.session(async (session) => {
        const item = await anyItem(session, simulator);
        simulator.faults.add({ kind: 'checkOut', effect });
        expect((await errorOf(open(session, item))).mayHaveHappened).toBe(true);
        expect([countCalls(simulator, 'checkOut'), simulator.checkedOut(OWN).length]).toEqual([1, 1]);
        await readsOf(session).close(item, 'done');
        expect(simulator.checkedOut(OWN)).toEqual([]);
      });
    }
  });

  it('that was throttled is repeated, because it had no effect', async () => {
    const { simulator, vault, waits } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      simulator.faults.add({ kind: 'checkOut', effect: { type: 'rate-limited' } });
      await open(session, item);
    });
    expect([countCalls(simulator, 'checkOut'), waits.every((ms) => ms >= 1000)]).toEqual([2, true]);
  });

  it('of many accounts takes two calls for each, and a share of the lists', async () => {
    const { simulator, vault } = await openRelaySite({ site: { fleet: createFleet({ accounts: 135, seed: 1 }) } });
    await vault.session(async (session) => {
      const { items } = await listAll(session, RULE);
      const readable = items.filter((item) => vault.rules(RULE).refusal?.(item) === undefined);
      const free = readable.filter(({ ref }) =>
        simulator.accounts().some(({ id, heldBy }) => heldBy.length === 0 && String(id) === ref.id),
      );
      const reads = readsOf(session);
      await reads.admit?.(free.length);
      for (const item of free) {
        await reads.openAndRead(item, terms());
        await reads.close(item, 'done');
      }
      expect(simulator.audit.length / free.length).toBeLessThanOrEqual(2.05);
      expect([free.length > 115, simulator.checkedOut(OWN)]).toEqual([true, []]);
    });
  });
});

describe('a check-in', () => {
  it.each(['empty', 'json', 'no-content'] as const)('accepts the answer %s', async (actionAnswer) => {
    const { simulator, vault } = await openRelaySite({ site: { switches: { actionAnswer } } });
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      await open(session, item);
      const { at = '' } = await readsOf(session).close(item, 'done');
      expect([new Date(at).toISOString(), simulator.checkedOut(OWN)]).toEqual([at, []]);
    });
  });

  it('is sent once if its answer is lost, because a late one would end the next check-out', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      await open(session, item);
      simulator.faults.add({ kind: 'checkIn', effect: { type: 'reset', when: 'before' } });
      expect((await errorOf(readsOf(session).close(item, 'done'))).mayHaveHappened).toBe(true);
      expect(countCalls(simulator, 'checkIn')).toBe(1);
    });
  });

  it('that fails is an error, and so is one that a page answered', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      const times = Number.POSITIVE_INFINITY;
      const page = { type: 'status', status: 200, body: '<html>Sign in</html>', contentType: 'text/html' } as const;
      simulator.faults.add({ kind: 'checkIn', effect: { type: 'status', status: 503 } });
      expect((await errorOf(readsOf(session).close(item, 'done'))).name).toBe('VaultUnavailable');
      simulator.faults.add({ kind: 'checkIn', times, effect: page });
      expect((await errorOf(readsOf(session).close(item, 'done'))).name).toBe('AnswerMalformed');
    });
  });

  it('of an account that is not seen any more fails, until the report proves that it was deleted', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      await open(session, item);
      simulator.faults.add({ kind: 'checkIn', times: 3, effect: { type: 'status', status: 404, body: '{}' } });
      expect(await errorOf(readsOf(session).close(item, 'done'))).toMatchObject({ name: 'NotFound' });
      simulator.faults.add({ kind: 'activityReport', effect: { type: 'status', status: 404 } });
      expect(await errorOf(readsOf(session).close(item, 'done'))).toMatchObject({ name: 'NotFound' });
      simulator.addEvent(Number(item.ref.id), 'Account Deleted');
      await readsOf(session).close(item, 'done');
    });
  });

  it.each([
    { status: 200, body: 'OK', contentType: 'text/plain' },
    { status: 200, contentType: 'text/plain' },
    { status: 422, body: 'no healthy upstream', contentType: 'text/plain' },
  ])('that a proxy answered is an error, because it may have ended nothing: %j', async (answer) => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      await open(session, item);
      simulator.faults.add({ kind: 'checkIn', effect: { type: 'status', ...answer } });
      expect((await errorOf(readsOf(session).close(item, 'done'))).name).toBe('AnswerMalformed');
      await readsOf(session).close(item, 'done');
      expect(simulator.checkedOut(OWN)).toEqual([]);
    });
  });

  it.each(['x', '0', '1e3', '99999999999', '../7'])('of the id %j is refused without a call', async (id) => {
    const { simulator, vault } = await openRelaySite();
    const item = { ref: { kind: 'vault-account', id }, title: 'odd' };
    const error = await errorOf(vault.session((session) => readsOf(session).close(item, 'done')));
    expect([error.name, countCalls(simulator, 'checkIn')]).toEqual(['ContractViolated', 0]);
  });
});

describe('the calls of an hour', () => {
  it('admit as many accounts as can be checked out and in, and 5 % are kept', async () => {
    const { simulator, vault, clock } = await openRelaySite();
    await vault.session(async (session) => {
      const reads = readsOf(session);
      await reads.admit?.(100);
      expect(simulator.audit.map(({ kind }) => kind)).toEqual(['token', 'policies']);
      await reads.admit?.(100);
      expect(countCalls(simulator, 'policies')).toBe(1);
      // Leaves 950 after the next call: the reserve of 750, and 100 accounts.
      simulator.spendCalls(clientId, 15_000 - 1 - 951);
      clock.now += 60_000;
      await reads.admit?.(100);
      const error = await errorOf(reads.admit?.(101) ?? Promise.resolve());
      expect(error).toMatchObject({ name: 'LimitReached', retryable: true });
      expect(error.message).toMatch(/15000 calls an hour, and 950 remain.*101 accounts.*when the hour is over/);
      clock.now += 3_600_000;
      await reads.admit?.(101);
    });
  });

  it('that are nearly used up open nothing more, and still close', async () => {
    const { simulator, vault } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      await open(session, item);
      simulator.spendCalls(clientId, 14_300);
      await listAll(session, RULE);
      expect((await errorOf(open(session, item))).name).toBe('LimitReached');
      expect(countCalls(simulator, 'checkOut')).toBe(1);
      await readsOf(session).close(item, 'done');
      expect(simulator.checkedOut(OWN)).toEqual([]);
    });
  });

  it('that are used up are an error that waits for the next hour, at a check-in for less', async () => {
    const { simulator, vault, clock, waits } = await openRelaySite();
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      simulator.spendCalls(clientId, 15_000);
      expect((await errorOf(listAll(session, RULE))).name).toBe('LimitReached');
      expect(waits).toEqual([]);
      expect((await errorOf(readsOf(session).close(item, 'done'))).name).toBe('RateLimited');
      clock.now += 3_600_000;
      await listAll(session, RULE);
    });
  });

  it('are not read after an answer without them', async () => {
    const { simulator, vault } = await openRelaySite();
    const effect = { type: 'status', status: 200, body: '[]' } as const;
    simulator.faults.add({ kind: 'policies', times: Number.POSITIVE_INFINITY, effect });
    await vault.session(async (session) => readsOf(session).admit?.(100_000));
  });
});
