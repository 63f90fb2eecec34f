import { describe, expect, it, vi } from 'vitest';
import { createReap, type ReapDependencies } from '#functions/upkeep/reap/reap.ts';
import { RelayError } from '#shared/errors.ts';
import { writeReason } from '#shared/leases/marker.ts';
import type { Run } from '#shared/workflows/run.ts';
import { aCheckoutRule } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const SYNC: Run = { workflow: 'sync', rule: 'databases', run: 'databases.1' };
const CHECKOUT: Run = { workflow: 'checkout', rule: 'tickets', run: 'tickets.1' };
const reasonOf = (run: Run, relayId = 'relay') => writeReason({ ...run, relayId, batch: 3 });

const NOTHING_ABANDONED: ReapDependencies['closeAbandoned'] = async () => ({
  abandoned: 0,
  failures: [],
});

const world = (
  hasEnded: (run: Pick<Run, 'workflow' | 'run'>) => Promise<boolean>,
  { connections = 1, closeAbandoned = NOTHING_ABANDONED, failures = [] as readonly RelayError[] } = {},
) => {
  const vaults = Array.from({ length: connections }, () => fakeVault());
  const measure = vi.fn(async () => {});
  const reap = createReap({
    relayId: 'relay',
    connections: async () => ({
      found: vaults.map(({ vault }, index) => ({ connection: `vault-${index}`, vault, rule: aCheckoutRule() })),
      failures,
    }),
    endedAt: async (run) => ((await hasEnded(run)) ? NOW : undefined),
    measure,
    closeAbandoned,
    now: () => NOW,
  });
  return { vaults, measure, reap };
};

describe('reap', () => {
  it('closes leases with our marker whose run has ended, in any batch', async () => {
    const { vaults, reap } = world(async () => true);
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    expect(await reap()).toEqual({ openLeases: 0, reaped: 1, abandoned: 0 });
    expect(vaults[0]?.open.size).toBe(0);
  });

  it('keeps leases of a running execution, another relay or a person', async () => {
    const { vaults, reap, measure } = world(async ({ run }) => run !== 'databases.2');
    vaults[0]?.opened({
      id: '1',
      item: '1',
      reason: reasonOf({ ...SYNC, run: 'databases.2' }),
      createdAt: '2026-01-02T03:59:00Z',
    });
    vaults[0]?.opened({ id: '2', item: '2', reason: reasonOf(SYNC, 'other') });
    vaults[0]?.opened({ id: '3', item: '3', reason: 'by hand', createdAt: '2026-01-01T00:00:00Z' });
    expect(await reap()).toEqual({ openLeases: 1, reaped: 0, abandoned: 0 });
    expect(vaults[0]?.count('close')).toBe(0);
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 60 });
  });

  it('closes the leases that it can read, and throws for the others', async () => {
    const { vaults, reap, measure } = world(async () => true);
    for (const id of ['1', '2', '3']) vaults[0]?.opened({ id, item: id, reason: reasonOf(SYNC) });
    vaults[0]?.unreadable.add('1');
    await expect(reap()).rejects.toMatchObject({ name: 'AnswerMalformed' });
    expect([...(vaults[0]?.open.keys() ?? [])]).toEqual(['1']);
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 0, reaped: 2, oldestAgeSeconds: 0 });
  });

  it('does not consider a run of unknown state ended', async () => {
    const { vaults, reap } = world(async () => {
      throw new RelayError('StoreUnavailable', 'no answer');
    });
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(1);
  });

  it('processes every connection before it throws the first error', async () => {
    const { vaults, reap, measure } = world(async () => true, { connections: 2 });
    vaults[0]?.fail('held', '', 'VaultUnavailable');
    vaults[1]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(vaults[1]?.open.size).toBe(0);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('processes every connection even if one could not be opened, and throws that error', async () => {
    const failures = [new RelayError('ConfigurationInvalid', 'broken')];
    const { vaults, reap } = world(async () => true, { failures });
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    await expect(reap()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    expect(vaults[0]?.open.size).toBe(0);
  });

  it('reaches every connection and every checkout while one vault does not answer', async () => {
    const { promise: silence, resolve: answer } = Promise.withResolvers<boolean>();
    const closeAbandoned = vi.fn(NOTHING_ABANDONED);
    const { vaults, reap } = world(async ({ run }) => run !== 'databases.2' || silence, {
      connections: 2,
      closeAbandoned,
    });
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf({ ...SYNC, run: 'databases.2' }) });
    vaults[1]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    const done = reap();
    await vi.waitFor(() => expect(vaults[1]?.open.size).toBe(0));
    expect(closeAbandoned).toHaveBeenCalledOnce();
    expect(vaults[0]?.open.size).toBe(1);
    answer(true);
    expect(await done).toMatchObject({ reaped: 2 });
  });

  it('throws for leases that it could not close, even if measuring failed too', async () => {
    const { vaults, reap, measure } = world(async () => true);
    measure.mockRejectedValue(new RelayError('StoreUnavailable', 'not measured'));
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    vaults[0]?.fail('close', '1', 'VaultUnavailable');
    await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
  });

  it('does not count a lease as old if a running checkout holds it', async () => {
    const { vaults, reap, measure } = world(async () => false);
    const createdAt = '2026-01-01T04:00:00Z';
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(CHECKOUT), createdAt });
    await reap();
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 0 });
  });

  it('counts a lease of an ended checkout as old if it could not be closed', async () => {
    const { vaults, reap, measure } = world(async () => true);
    const createdAt = '2026-01-02T03:00:00Z';
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(CHECKOUT), createdAt });
    vaults[0]?.fail('close', '1', 'VaultUnavailable');
    await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(measure).toHaveBeenCalledWith('vault-0', { openLeases: 1, reaped: 0, oldestAgeSeconds: 3600 });
  });

  it('counts the checkouts that it closes, and throws for a failed one at the end', async () => {
    const closeAbandoned = async () => ({ abandoned: 2, failures: [] });
    expect(await world(async () => true, { closeAbandoned }).reap()).toMatchObject({ abandoned: 2 });

    const failures = [new RelayError('StoreUnavailable', 'no answer')];
    const { vaults, reap } = world(async () => true, {
      closeAbandoned: async () => ({ abandoned: 1, failures }),
    });
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(SYNC) });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(0);
  });

  describe('with leases for target sessions', () => {
    const left = (vault: ReturnType<typeof fakeVault> | undefined) => {
      vault?.opened({ id: '1', item: '1', reason: reasonOf(CHECKOUT), opens: 'target-session' });
      vault?.opened({ id: '2', item: '2', reason: 'by hand', opens: 'target-session' });
      for (const id of ['1', '2']) vault?.sessions.set(id, { id, leaseId: id });
    };

    it('ends their sessions first, and no others', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      await reap();
      expect([...(vaults[0]?.sessions.keys() ?? [])]).toEqual(['2']);
      expect(vaults[0]?.order('endSession', 'close')).toEqual(['endSession', 'close']);
    });

    it('lists no sessions for leases of credentials, but lists them if the kind is unknown', async () => {
      const { vaults, reap } = world(async () => true);
      vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(CHECKOUT), opens: 'credential' });
      await reap();
      expect(vaults[0]?.count('listSessions')).toBe(0);
      vaults[0]?.opened({ id: '2', item: '2', reason: reasonOf(CHECKOUT), opens: 'unknown' });
      await reap();
      expect(vaults[0]?.count('listSessions')).toBe(1);
    });

    it('closes them even if its user may not end sessions', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      vaults[0]?.fail('listSessions', '', 'PermissionMissing');
      expect(await reap()).toMatchObject({ reaped: 1 });
    });

    it('keeps them open until their sessions are listed, because closed leases show none', async () => {
      const { vaults, reap } = world(async () => true);
      left(vaults[0]);
      vaults[0]?.fail('listSessions', '', 'VaultUnavailable');
      await expect(reap()).rejects.toMatchObject({ name: 'VaultUnavailable' });
      expect(vaults[0]?.count('close')).toBe(0);
    });
  });

  it('closes leases even if abandoned checkouts cannot be listed', async () => {
    const { vaults, reap } = world(async () => true, {
      closeAbandoned: async () => {
        throw new RelayError('StoreUnavailable', 'no answer');
      },
    });
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf(CHECKOUT) });
    await expect(reap()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vaults[0]?.open.size).toBe(0);
  });

  it('looks up the run in the workflow that the marker names', async () => {
    const hasEnded = vi.fn(async () => true);
    const { vaults, reap } = world(hasEnded);
    vaults[0]?.opened({ id: '1', item: '1', reason: reasonOf({ ...SYNC, rule: 'same', run: 'same.1' }) });
    vaults[0]?.opened({ id: '2', item: '2', reason: reasonOf({ ...CHECKOUT, rule: 'same', run: 'same.1' }) });
    await reap();
    expect(hasEnded).toHaveBeenCalledTimes(2);
    expect(hasEnded).toHaveBeenCalledWith(expect.objectContaining({ workflow: 'sync', run: 'same.1' }));
    expect(hasEnded).toHaveBeenCalledWith(expect.objectContaining({ workflow: 'checkout', run: 'same.1' }));
  });

  it('looks up a run once, even for several leases', async () => {
    const hasEnded = vi.fn(async () => true);
    const { vaults, reap } = world(hasEnded);
    for (const id of ['1', '2', '3']) vaults[0]?.opened({ id, item: id, reason: reasonOf(SYNC) });
    await reap();
    expect(hasEnded).toHaveBeenCalledTimes(1);
  });
});
