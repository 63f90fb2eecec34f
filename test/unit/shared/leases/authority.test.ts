import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeldLease } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { canReadUnder, leaseConflict, readableLease } from '#shared/leases/authority.ts';
import { isSameMarker, type Marker, withMarker, writeReason } from '#shared/leases/marker.ts';
import { WORKFLOWS } from '#shared/workflows/run.ts';
import { BATCH_MARKER } from '#test/support/batches.ts';

const OTHER_SYNC: Marker = { ...BATCH_MARKER, rule: 'copies', run: 'copies.1', batch: 7 };
const CHECKOUT: Marker = { ...BATCH_MARKER, workflow: 'checkout', rule: 'tickets', run: 'tickets.CHG1' };
const OTHER_CHECKOUT: Marker = { ...CHECKOUT, run: 'tickets.CHG2' };

const lease = (reason: string, more: Partial<HeldLease> = {}): HeldLease => ({
  id: '7',
  items: [],
  status: 'active',
  opens: 'credential',
  reason,
  ...more,
});

describe('an approved request', () => {
  it.each<{ whose: string; marker: Marker | undefined; may: boolean }>([
    { whose: 'its own run', marker: BATCH_MARKER, may: true },
    { whose: 'another batch of its run', marker: { ...BATCH_MARKER, batch: 3 }, may: true },
    { whose: 'another sync of its relay', marker: OTHER_SYNC, may: true },
    { whose: 'a sync of another relay', marker: { ...OTHER_SYNC, relayId: 'other' }, may: false },
    { whose: 'a checkout of its relay', marker: CHECKOUT, may: false },
    { whose: 'a person, or an unknown client', marker: undefined, may: false },
  ])('is used by a sync if it was requested by $whose: $may', ({ marker, may }) => {
    expect(canReadUnder(marker, BATCH_MARKER)).toBe(may);
  });

  it.each<{ whose: string; marker: Marker | undefined; may: boolean }>([
    { whose: 'its own run', marker: CHECKOUT, may: true },
    { whose: 'another checkout', marker: OTHER_CHECKOUT, may: false },
    { whose: 'a sync of its relay', marker: OTHER_SYNC, may: false },
    { whose: 'a person', marker: undefined, may: false },
  ])('is used by a checkout if it was requested by $whose: $may', ({ marker, may }) => {
    expect(canReadUnder(marker, CHECKOUT)).toBe(may);
  });

  it('is never used across relays or workflows, nor across checkouts', () => {
    const few = (...texts: string[]) => fc.constantFrom(...texts);
    const marker: fc.Arbitrary<Marker> = fc.record({
      relayId: few('relay', 'other'),
      workflow: fc.constantFrom(...WORKFLOWS),
      rule: few('databases', 'copies'),
      run: few('databases.1', 'copies.1'),
      batch: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.option(marker, { nil: undefined }), marker, (one, own) => {
        if (!canReadUnder(one, own)) return;
        expect(one?.relayId).toBe(own.relayId);
        expect(one?.workflow).toBe(own.workflow);
        expect(own.workflow === 'sync' || isSameMarker(one, own)).toBe(true);
      }),
    );
  });
});

describe('an existing lease', () => {
  const readable = (held: readonly HeldLease[], ours = false) =>
    readableLease({ id: '7', ours }, held, BATCH_MARKER, 'db-01/sa');

  it('is classified by the list of leases: owner and status', () => {
    expect(readable([lease(writeReason(BATCH_MARKER))])).toEqual({ id: '7', ours: true, status: 'active' });
    expect(readable([lease(writeReason(OTHER_SYNC), { status: 'pending' })])).toEqual({
      id: '7',
      ours: false,
      status: 'pending',
    });
  });

  it('needs no entry in the list if the vault has just opened it', () => {
    expect(readable([], true)).toEqual({ id: '7', ours: true, status: 'active' });
    expect(readable([lease('', { status: 'pending' })], true)).toEqual({ id: '7', ours: true, status: 'pending' });
  });

  it('is refused if it is not listed, whatever else is', () => {
    expect(readable([lease(writeReason(BATCH_MARKER), { id: '8' })])).toBeInstanceOf(RelayError);
  });

  it.each<[string, HeldLease | undefined, RegExp]>([
    [
      'a checkout',
      lease(withMarker('Replace a disk', CHECKOUT)),
      /made by checkout tickets\.CHG1\. .*The first run after the end of that checkout delivers it/,
    ],
    [
      'a waiting checkout',
      lease(withMarker('Replace a disk', CHECKOUT), { status: 'pending' }),
      /made by checkout tickets\.CHG1 and waiting for approval\. /,
    ],
    [
      'another relay',
      lease(writeReason({ ...OTHER_SYNC, relayId: 'other.1.eu' })),
      /made by another relay, other\.1\.eu \(sync copies\.1\).*Give each relay its own user/,
    ],
    [
      'a person',
      lease('canary of a reason'),
      /made by another client that signs in as the relay's user.*Check it in when/,
    ],
    ['an unknown holder', undefined, /does not list it.*Check the open requests/],
  ])('is refused with its holder and the fix, and with no text of others: %s', (_whose, held, words) => {
    const { name, message } = leaseConflict(held, BATCH_MARKER, 'db-01/sa');
    expect([name, message]).toEqual(['RequestConflict', expect.stringMatching(words)]);
    expect(message).toMatch(/^db-01\/sa: .* the item was not read\./);
    expect(message).not.toContain('canary');
  });
});
