import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCheckInCheckout } from '#functions/checkout/checkin/checkin.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { CheckoutStepInput } from '#shared/workflows/checkout.ts';
import {
  aCheckoutRun,
  after,
  CHECKOUT,
  MARKER,
  NOW,
  OTHER_CHECKOUT,
  type RecordedCheckout,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { CLOSED_AT, fakeVault } from '#test/support/fake-vault.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';

const OURS = `Replace a disk ${MARKER}`;
const SSH = { rule: { delivers: 'ssh-ticket' } };

describe('checking in a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  let signals: ReturnType<typeof memorySignals>;
  const onSessionLeft = vi.fn();
  beforeEach(() => {
    vault = fakeVault();
    signals = memorySignals();
    onSessionLeft.mockClear();
  });
  const requested = (...ids: string[]) => ({
    at: after(0),
    conflict: false,
    leases: ids.map((id, item) => ({ item, id, status: 'active' as const })),
  });
  const checkIn = async (state: Partial<CheckoutStepInput> = {}, checkout: RecordedCheckout | 'lost' = {}) => {
    const records = memoryRecords();
    if (checkout !== 'lost') await recordCheckout(records, checkout);
    return createCheckInCheckout({
      relayId: 'relay',
      config: aCheckoutConfig({ connection: 'elsewhere' }),
      vaultOf: async (connection) => {
        expect(connection).toBe(checkout === 'lost' ? 'elsewhere' : 'vault');
        return vault.vault;
      },
      records,
      signals,
      now: () => NOW,
      onSessionLeft,
    })({ ...aCheckoutRun, ...state });
  };
  const session = (id: string, leaseId?: string, item = '10') =>
    vault.sessions.set(id, { id, leaseId, item: { kind: 'account', id: item } });

  it('closes known leases, then those found by the marker, and returns the time of the vault', async () => {
    vault.opened({ id: '1', item: '1', reason: OURS });
    vault.opened({ id: '2', item: '2', reason: OURS, status: 'pending' });
    expect(await checkIn({ requested: requested('1') })).toEqual({ at: CLOSED_AT, closed: 2 });
    expect(vault.open.size).toBe(0);
  });

  it('needs only the run: a release finds every lease by the marker', async () => {
    vault.opened({ id: '1', item: '1', reason: OURS });
    expect(await checkIn()).toEqual({ at: CLOSED_AT, closed: 1 });
  });

  it('uses relay.yaml if the checkout has no record', async () => {
    vault.opened({ id: '1', item: '1', reason: OURS });
    expect(await checkIn({}, 'lost')).toEqual({ at: CLOSED_AT, closed: 1 });
  });

  it('never closes leases of others: a person, a sync, another checkout or another relay', async () => {
    const reasons = [
      'by hand',
      'x [relay/sync/databases/databases.1/0]',
      `x [relay/sync/tickets/${CHECKOUT.run}/0]`,
      `x [relay/checkout/tickets/${OTHER_CHECKOUT.run}/0]`,
      `x [other/checkout/tickets/${CHECKOUT.run}/0]`,
    ];
    for (const [index, reason] of reasons.entries()) vault.opened({ id: String(index + 1), item: '10', reason });
    expect(await checkIn()).toEqual({ at: after(0), closed: 0 });
    expect(vault.open.size).toBe(reasons.length);
  });

  it('succeeds, by its own clock, if there is nothing to close', async () => {
    expect(await checkIn()).toEqual({ at: after(0), closed: 0 });
  });

  it('counts leases that are gone as closed, and can be repeated', async () => {
    expect(await checkIn({ requested: requested('1') })).toEqual({ at: CLOSED_AT, closed: 1 });
    expect(await checkIn({ requested: requested('1') })).toEqual({ at: CLOSED_AT, closed: 1 });
  });

  it('closes every lease that it can before it throws', async () => {
    for (const id of ['1', '2', '3']) vault.opened({ id, item: id, reason: OURS });
    vault.fail('close', '1', 'VaultUnavailable');
    await expect(checkIn({ requested: requested('1', '2') })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect([...vault.open.keys()]).toEqual(['1']);
  });

  it('lists no sessions if credentials were delivered', async () => {
    await checkIn({ requested: requested('1') });
    expect(vault.count('listSessions')).toBe(0);
  });

  describe('with target sessions', () => {
    it('ends noted sessions and sessions of its own leases, and no others, before it closes the leases', async () => {
      vault.opened({ id: '1', item: '1', reason: OURS });
      vault.opened({ id: '2', item: '2', reason: OURS });
      session('50');
      session('51', '1');
      session('52', '2');
      session('53', '9');
      session('54');
      for (const id of ['50', '51']) await signals.put(signalAt.session(CHECKOUT, id));
      await signals.put(signalAt.session(OTHER_CHECKOUT, '53'));
      await checkIn({ requested: requested('1') }, SSH);
      expect([...vault.sessions.keys()]).toEqual(['53', '54']);
      expect(vault.order('endSession', 'close')).toEqual(['endSession', 'endSession', 'endSession', 'close', 'close']);
    });

    it('does not end a session that a forged signal names: one of another checkout, or an unknown one', async () => {
      session('50');
      session('60', undefined, '11');
      session('61', '9', '11');
      vault.sessions.set('62', { id: '62' });
      for (const id of ['50', '60', '61', '62', '63']) await signals.put(signalAt.session(CHECKOUT, id));
      for (const rule of [SSH.rule, { ...SSH.rule, access: 'isa' }]) {
        session('50');
        await checkIn({}, { rule });
        expect([...vault.sessions.keys()].toSorted()).toEqual(['60', '61', '62']);
      }
    });

    it('ends no session by a signal if the checkout has no record', async () => {
      session('50');
      await signals.put(signalAt.session(CHECKOUT, '50'));
      await checkIn({}, 'lost');
      expect([...vault.sessions.keys()]).toEqual(['50']);
    });

    it('ends them for a release too, which has no state', async () => {
      vault.opened({ id: '1', item: '1', reason: OURS });
      session('51', '1');
      session('53', '9');
      await checkIn({}, SSH);
      expect([...vault.sessions.keys()]).toEqual(['53']);
    });

    it('ends noted sessions and lists no leases if the rule needs none', async () => {
      session('50');
      session('54');
      await signals.put(signalAt.session(CHECKOUT, '50'));
      await checkIn({}, { rule: { ...SSH.rule, access: 'isa' } });
      expect([...vault.sessions.keys()]).toEqual(['54']);
      expect(vault.count('held')).toBe(0);
    });

    it.each(['listSessions', 'endSession'] as const)(
      'closes leases even if its user may not end sessions, and reports it (%s)',
      async (call) => {
        vault.opened({ id: '1', item: '1', reason: OURS });
        session('51', '1');
        vault.fail(call, call === 'listSessions' ? '' : '51', 'PermissionMissing');
        expect(await checkIn({ requested: requested('1') }, SSH)).toMatchObject({ closed: 1 });
        expect(onSessionLeft).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'PermissionMissing' }));
      },
    );

    it('is retried after an outage while listing sessions, and closes the leases nevertheless', async () => {
      vault.opened({ id: '1', item: '1', reason: OURS });
      vault.fail('listSessions', '', 'VaultUnavailable');
      await expect(checkIn({ requested: requested('1') }, SSH)).rejects.toMatchObject({ name: 'VaultUnavailable' });
      expect(vault.open.size).toBe(0);
      expect(onSessionLeft).not.toHaveBeenCalled();
    });
  });
});
