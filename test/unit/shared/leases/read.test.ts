import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import type { ReadableLease } from '#shared/leases/authority.ts';
import { type Marker, withMarker, writeReason } from '#shared/leases/marker.ts';
import { readUnderLease, syncTerms } from '#shared/leases/read.ts';
import { Secret } from '#shared/secret.ts';
import { BATCH_MARKER } from '#test/support/batches.ts';
import { anItem } from '#test/support/items.ts';

const ITEM = anItem();
const TERMS = syncTerms(BATCH_MARKER);
const READ = { content: { secret: new Secret('x') } };
const GONE = new RelayError('LeaseGone', 'gone');
const OTHER_SYNC: Marker = { ...BATCH_MARKER, rule: 'copies', run: 'copies.1' };
const CHECKOUT: Marker = { ...BATCH_MARKER, workflow: 'checkout', rule: 'tickets', run: 'tickets.CHG1' };

describe('reading under a lease', () => {
  const open = vi.fn<Leases['open']>();
  const read = vi.fn<Leases['read']>();
  const held = vi.fn<Leases['held']>();
  const onReopened = vi.fn<(lease: ReadableLease & { item: number }) => void>();
  beforeEach(() => {
    vi.resetAllMocks();
    read.mockResolvedValue(READ);
    open.mockResolvedValue({ id: '2', ours: true });
  });
  const readUnder = (lease: Pick<ReadableLease, 'id' | 'ours'>) =>
    readUnderLease({ open, read, held }, ITEM, { item: 3, status: 'active', ...lease }, BATCH_MARKER, onReopened);
  const lease = (reason: string, more: Partial<HeldLease> = {}): HeldLease => ({
    id: '2',
    items: [ITEM.ref],
    status: 'active',
    opens: 'credential',
    reason,
    ...more,
  });

  it('opens none if the existing one is readable', async () => {
    expect(await readUnder({ id: '1', ours: false })).toBe(READ);
    expect(read).toHaveBeenCalledExactlyOnceWith('1', ITEM);
    expect(open).not.toHaveBeenCalled();
  });

  it('opens another if the lease of another sync has ended, with the same terms, and reports it before the read', async () => {
    read.mockRejectedValueOnce(GONE);
    read.mockImplementationOnce(async () => {
      expect(onReopened).toHaveBeenCalledExactlyOnceWith({ item: 3, id: '2', ours: true, status: 'active' });
      return READ;
    });
    expect(await readUnder({ id: '1', ours: false })).toBe(READ);
    expect(open).toHaveBeenCalledExactlyOnceWith(ITEM, TERMS);
    expect(read).toHaveBeenLastCalledWith('2', ITEM);
    expect(held).not.toHaveBeenCalled();
  });

  it.each([
    ['of another sync', OTHER_SYNC, false],
    ['of its own, whose answer was lost', BATCH_MARKER, true],
  ])('reports the owner of the new lease: %s', async (_whose, marker, ours) => {
    read.mockRejectedValueOnce(GONE);
    open.mockResolvedValueOnce({ id: '2', ours: false });
    held.mockResolvedValueOnce([lease(writeReason(marker))]);
    expect(await readUnder({ id: '1', ours: false })).toBe(READ);
    expect(onReopened).toHaveBeenCalledExactlyOnceWith({ item: 3, id: '2', ours, status: 'active' });
  });

  it.each([
    ['of a checkout', [lease(withMarker('Replace a disk', CHECKOUT))]],
    ['of a person', [lease('by hand')]],
    ['of another relay', [lease(writeReason({ ...OTHER_SYNC, relayId: 'other' }))]],
    ['that the vault does not list', []],
  ])('uses none %s, and does not own it', async (_whose, listed) => {
    read.mockRejectedValueOnce(GONE);
    open.mockResolvedValueOnce({ id: '2', ours: false });
    held.mockResolvedValueOnce(listed);
    await expect(readUnder({ id: '1', ours: false })).rejects.toMatchObject({ name: 'RequestConflict' });
    expect(read).toHaveBeenCalledOnce();
    expect(onReopened).not.toHaveBeenCalled();
  });

  it('uses none while its holder is unknown', async () => {
    const away = new RelayError('VaultUnavailable', 'away');
    read.mockRejectedValueOnce(GONE);
    open.mockResolvedValueOnce({ id: '2', ours: false });
    held.mockRejectedValueOnce(away);
    await expect(readUnder({ id: '1', ours: false })).rejects.toBe(away);
    expect(read).toHaveBeenCalledOnce();
  });

  it('opens another only once', async () => {
    read.mockRejectedValue(GONE);
    await expect(readUnder({ id: '1', ours: false })).rejects.toBe(GONE);
    expect([open.mock.calls.length, read.mock.calls.length]).toEqual([1, 2]);
  });

  it.each([
    ['its own lease, which was ended on purpose', GONE, true],
    ['any lease after another error', new RelayError('VaultUnavailable', 'away'), false],
  ])('opens none in place of %s', async (_what, error, ours) => {
    read.mockRejectedValue(error);
    await expect(readUnder({ id: '1', ours })).rejects.toBe(error);
    expect(open).not.toHaveBeenCalled();
  });

  it('is shared for a sync, and requests no change at its end', () => {
    expect(TERMS).toEqual({ reason: writeReason(BATCH_MARKER), changeAtEnd: false, whenHeld: 'share' });
  });
});
