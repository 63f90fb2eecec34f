import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCheckInCheckout } from '#functions/checkin/checkin-checkout.ts';
import type { CourseInput } from '#shared/checkout-workflow.ts';
import { noteAt } from '#shared/records/notes.ts';
import {
  aCheckoutRun,
  after,
  aRule,
  MARKER,
  NOW,
  type RecordedCheckout,
  RUN,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { fakeVault, memoryNotes, memoryRecords } from '#test/support/fakes.ts';

const OURS = `Replace a disk ${MARKER}`;
const AT = '2026-01-02T04:00:00.000Z';
const SSH = { rule: { handsOut: 'ssh-ticket' } };

describe('checking in a checkout', () => {
  let vault: ReturnType<typeof fakeVault>;
  let notes: ReturnType<typeof memoryNotes>;
  const onSessionLeft = vi.fn();
  beforeEach(() => {
    vault = fakeVault();
    notes = memoryNotes();
    onSessionLeft.mockClear();
  });
  const requested = (...requestIds: number[]) => ({
    at: after(0),
    conflict: false,
    leases: requestIds.map((requestId, item) => ({ item, requestId, status: 'active' as const })),
  });
  const checkIn = async (course: Partial<CourseInput> = {}, checkout: RecordedCheckout | 'lost' = {}) => {
    const records = memoryRecords();
    if (checkout !== 'lost') await recordCheckout(records, checkout);
    return createCheckInCheckout({
      relayId: 'relay',
      checkouts: { tickets: aRule({ connection: 'elsewhere' }) },
      vaultOf: (connection) => {
        expect(connection).toBe(checkout === 'lost' ? 'elsewhere' : 'vault');
        return vault.vault;
      },
      records,
      notes,
      now: () => NOW,
      onSessionLeft,
    })({ ...aCheckoutRun, ...course });
  };
  const session = (sessionId: number, requestId?: number) =>
    vault.sessions.set(sessionId, { sessionId, requestId, status: 'in-progress' });

  it('gives back what it knows, then what only the marker shows, and says when by the clock of the vault', async () => {
    vault.opened({ requestId: 1, accountId: 1, reason: OURS });
    vault.opened({ requestId: 2, accountId: 2, reason: OURS, status: 'pending' });
    expect(await checkIn({ requested: requested(1) })).toEqual({ at: AT, givenBack: 2 });
    expect(vault.open.size).toBe(0);
  });

  it('needs no more than its name: by the marker a release finds everything', async () => {
    vault.opened({ requestId: 1, accountId: 1, reason: OURS });
    expect(await checkIn()).toEqual({ at: AT, givenBack: 1 });
  });

  it('goes by relay.yaml when nothing is written down about it', async () => {
    vault.opened({ requestId: 1, accountId: 1, reason: OURS });
    expect(await checkIn({}, 'lost')).toEqual({ at: AT, givenBack: 1 });
  });

  it('never gives back what is not its own: of a person, a sync, another checkout or another relay', async () => {
    const reasons = ['by hand', 'x [relay/databases.1/0]', 'x [relay/tickets.CHG10/0]', 'x [other/tickets.CHG1/0]'];
    for (const [index, reason] of reasons.entries()) vault.opened({ requestId: index + 1, accountId: 10, reason });
    expect(await checkIn()).toEqual({ at: after(0), givenBack: 0 });
    expect(vault.open.size).toBe(4);
  });

  it('is done, by its own clock, when there is nothing to give back', async () => {
    expect(await checkIn()).toEqual({ at: after(0), givenBack: 0 });
  });

  it('takes for given back what is gone, so that it can be repeated', async () => {
    expect(await checkIn({ requested: requested(1) })).toEqual({ at: AT, givenBack: 1 });
    expect(await checkIn({ requested: requested(1) })).toEqual({ at: AT, givenBack: 1 });
  });

  it('gives back all it can before it raises what it could not', async () => {
    for (const requestId of [1, 2, 3]) vault.opened({ requestId, accountId: requestId, reason: OURS });
    vault.fail('checkIn', 1, 'VaultUnavailable');
    await expect(checkIn({ requested: requested(1, 2) })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect([...vault.open.keys()]).toEqual([1]);
  });

  it('looks for no sessions where credentials were handed out', async () => {
    await checkIn({ requested: requested(1) });
    expect(vault.count('listSessions')).toBe(0);
  });

  describe('of sessions', () => {
    it('ends those that it knows, or that a request of its own has, and no other, before their requests', async () => {
      vault.opened({ requestId: 1, accountId: 1, reason: OURS });
      vault.opened({ requestId: 2, accountId: 2, reason: OURS });
      session(50);
      session(51, 1);
      session(52, 2);
      session(53, 9);
      session(54);
      for (const id of [50, 51]) await notes.put(noteAt.session('tickets', RUN, id));
      await notes.put(noteAt.session('tickets', `${RUN}0`, 53));
      await checkIn({ requested: requested(1) }, SSH);
      expect([...vault.sessions.keys()]).toEqual([53, 54]);
      const order = vault.calls
        .map(([call]) => call)
        .filter((call) => call === 'terminateSession' || call === 'checkIn');
      expect(order).toEqual(['terminateSession', 'terminateSession', 'terminateSession', 'checkIn', 'checkIn']);
    });

    it('ends them for a release, too, which knows of none', async () => {
      vault.opened({ requestId: 1, accountId: 1, reason: OURS });
      session(51, 1);
      session(53, 9);
      await checkIn({}, SSH);
      expect([...vault.sessions.keys()]).toEqual([53]);
    });

    it('by the ISA role ends them by their notes, and asks for no requests', async () => {
      session(50);
      session(54);
      await notes.put(noteAt.session('tickets', RUN, 50));
      await checkIn({}, { rule: { ...SSH.rule, access: 'isa' } });
      expect([...vault.sessions.keys()]).toEqual([54]);
      expect(vault.count('listOpenRequests')).toBe(0);
    });

    it.each(['listSessions', 'terminateSession'] as const)(
      'gives requests back all the same where its user may not end sessions, and tells (%s)',
      async (call) => {
        vault.opened({ requestId: 1, accountId: 1, reason: OURS });
        session(51, 1);
        vault.fail(call, call === 'listSessions' ? 0 : 51, 'PermissionMissing');
        expect(await checkIn({ requested: requested(1) }, SSH)).toMatchObject({ givenBack: 1 });
        expect(onSessionLeft).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'PermissionMissing' }));
      },
    );

    it('is tried again when the vault did not answer about sessions, but only after requests were given back', async () => {
      vault.opened({ requestId: 1, accountId: 1, reason: OURS });
      vault.fail('listSessions', 0, 'VaultUnavailable');
      await expect(checkIn({ requested: requested(1) }, SSH)).rejects.toMatchObject({ name: 'VaultUnavailable' });
      expect(vault.open.size).toBe(0);
      expect(onSessionLeft).not.toHaveBeenCalled();
    });
  });
});
