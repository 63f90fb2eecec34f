import { describe, expect, it, vi } from 'vitest';
import { createReap, type ReapDependencies } from '#functions/reap/reap.ts';
import { writeReason } from '#shared/domain/marker.ts';
import { RelayError } from '#shared/errors.ts';
import { fakeVault } from '#test/support/fakes.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const reasonOf = (run: string, relayId = 'relay') => writeReason('databases', { relayId, run, batch: 3 });

const NOTHING_ABANDONED: ReapDependencies['closeAbandoned'] = async () => ({
  abandoned: 0,
  failures: [],
});

const world = (
  hasEnded: (run: string) => Promise<boolean>,
  { connections = 1, closeAbandoned = NOTHING_ABANDONED } = {},
) => {
  const vaults = Array.from({ length: connections }, () => fakeVault());
  const measure = vi.fn(async () => {});
  const reap = createReap({
    relayId: 'relay',
    vaults: Object.fromEntries(vaults.map(({ vault }, index) => [`vault-${index}`, vault])),
    endedAt: async (run) => ((await hasEnded(run)) ? NOW : undefined),
    measure,
    holdsRequests: (run) => run.startsWith('tickets.'),
    closeAbandoned,
    now: () => NOW,
  });
  return { vaults, measure, reap };
};

describe('reap', () => {
  it('gives back what carries our marker and whose run has ended, whatever the batch', async () => {
    const { vaults, reap } = world(async () => true);
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('databases.1') });
    expect(await reap()).toEqual({ openLeases: 0, reaped: 1, abandoned: 0 });
    expect(vaults[0]?.open.size).toBe(0);
  });

  it('leaves alone what a running execution, another relay or a person opened', async () => {
    const { vaults, reap, measure } = world(async (run) => run !== 'databases.2');
    vaults[0]?.opened({
      requestId: 1,
      accountId: 1,
      reason: reasonOf('databases.2'),
      createdAt: '2026-01-02T03:59:00Z',
    });
    vaults[0]?.opened({ requestId: 2, accountId: 2, reason: reasonOf('databases.1', 'other') });
    vaults[0]?.opened({ requestId: 3, accountId: 3, reason: 'by hand', createdAt: '2026-01-01T00:00:00Z' });
    expect(await reap()).toEqual({ openLeases: 1, reaped: 0, abandoned: 0 });
    expect(vaults[0]?.count('checkIn')).toBe(0);
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 60 });
  });

  it('does not take a run for ended of which it can not know', async () => {
    const { vaults, reap } = world(async () => {
      throw new RelayError('StoreUnavailable', 'no answer');
    });
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('databases.1') });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(1);
  });

  it('looks after every connection before it raises the first error', async () => {
    const { vaults, reap, measure } = world(async () => true, { connections: 2 });
    vaults[0]?.fail('listOpenRequests', 0, 'VaultUnavailable');
    vaults[1]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('databases.1') });
    await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(vaults[1]?.open.size).toBe(0);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('takes no request for old that a checkout is to hold', async () => {
    const { vaults, reap, measure } = world(async () => false);
    const createdAt = '2026-01-01T04:00:00Z';
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('tickets.1'), createdAt });
    await reap();
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 0 });
  });

  it('takes for old what a checkout that has ended still has, because it could not be given back', async () => {
    const { vaults, reap, measure } = world(async () => true);
    const createdAt = '2026-01-02T03:00:00Z';
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('tickets.1'), createdAt });
    vaults[0]?.fail('checkIn', 1, 'VaultUnavailable');
    await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 3600 });
  });

  it('counts the checkouts that it closes, and raises what kept it from one after all else', async () => {
    const closeAbandoned = async () => ({ abandoned: 2, failures: [] });
    expect(await world(async () => true, { closeAbandoned }).reap()).toMatchObject({ abandoned: 2 });

    const failures = [new RelayError('StoreUnavailable', 'no answer')];
    const { vaults, reap } = world(async () => true, {
      closeAbandoned: async () => ({ abandoned: 1, failures }),
    });
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('databases.1') });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(0);
  });

  describe('of requests for sessions', () => {
    const left = (vault: ReturnType<typeof fakeVault> | undefined) => {
      vault?.opened({ requestId: 1, accountId: 1, reason: reasonOf('tickets.1'), accessType: 'SSH' });
      vault?.opened({ requestId: 2, accountId: 2, reason: 'by hand', accessType: 'SSH' });
      for (const id of [1, 2]) vault?.sessions.set(id, { sessionId: id, requestId: id, status: 'in-progress' });
    };

    it('ends their sessions first, and those of nobody else', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      await reap();
      expect([...(vaults[0]?.sessions.keys() ?? [])]).toEqual([2]);
      const made = vaults[0]?.calls.map(([call]) => call);
      expect(made?.filter((call) => ['terminateSession', 'checkIn'].includes(call))).toEqual([
        'terminateSession',
        'checkIn',
      ]);
    });

    it('gives them back all the same where its user may not end sessions', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      vaults[0]?.fail('listSessions', 0, 'PermissionMissing');
      expect(await reap()).toMatchObject({ reaped: 1 });
    });

    it('leaves them open until it knows of their sessions: afterwards nobody could tell', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      vaults[0]?.fail('listSessions', 0, 'VaultUnavailable');
      await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
      expect(vaults[0]?.count('checkIn')).toBe(0);
    });
  });

  it('gives requests back also when nobody can say which checkouts are abandoned', async () => {
    const { vaults, reap } = world(async () => true, {
      closeAbandoned: async () => {
        throw new RelayError('StoreUnavailable', 'no answer');
      },
    });
    vaults[0]?.opened({ requestId: 1, accountId: 1, reason: reasonOf('tickets.1') });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(0);
  });

  it('asks once about a run, however many requests it left', async () => {
    const hasEnded = vi.fn(async () => true);
    const { vaults, reap } = world(hasEnded);
    for (const id of [1, 2, 3]) vaults[0]?.opened({ requestId: id, accountId: id, reason: reasonOf('databases.1') });
    await reap();
    expect(hasEnded).toHaveBeenCalledTimes(1);
  });
});
