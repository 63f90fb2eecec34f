import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Leases } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { type ReadLease, readUnderLease, syncTerms } from '#shared/leases/read.ts';
import { Secret } from '#shared/secret.ts';
import { anItem } from '#test/support/items.ts';

const ITEM = anItem();
const TERMS = syncTerms('why');
const READ = { content: { secret: new Secret('x') } };
const GONE = new RelayError('LeaseGone', 'gone');

describe('reading under a lease', () => {
  const open = vi.fn<Leases['open']>();
  const read = vi.fn<Leases['read']>();
  const onReopened = vi.fn<(lease: ReadLease & { item: number }) => void>();
  beforeEach(() => {
    vi.resetAllMocks();
    read.mockResolvedValue(READ);
    open.mockResolvedValue({ id: '2', ours: true });
  });
  const readUnder = (lease: ReadLease) =>
    readUnderLease({ open, read }, ITEM, { item: 3, ...lease }, TERMS, onReopened);

  it('asks for none when the one that is there will do', async () => {
    expect(await readUnder({ id: '1', ours: false })).toBe(READ);
    expect(read).toHaveBeenCalledExactlyOnceWith('1', ITEM);
    expect(open).not.toHaveBeenCalled();
  });

  it('asks for another one when that of somebody else has ended, under the same terms, and tells before it reads', async () => {
    read.mockRejectedValueOnce(GONE);
    read.mockImplementationOnce(async () => {
      expect(onReopened).toHaveBeenCalledExactlyOnceWith({ item: 3, id: '2', ours: true });
      return READ;
    });
    expect(await readUnder({ id: '1', ours: false })).toBe(READ);
    expect(open).toHaveBeenCalledExactlyOnceWith(ITEM, TERMS);
    expect(read).toHaveBeenLastCalledWith('2', ITEM);
  });

  it('tells whose the other one is', async () => {
    read.mockRejectedValueOnce(GONE);
    open.mockResolvedValueOnce({ id: '2', ours: false });
    await readUnder({ id: '1', ours: false });
    expect(onReopened).toHaveBeenCalledWith({ item: 3, id: '2', ours: false });
  });

  it('asks for another one only once', async () => {
    read.mockRejectedValue(GONE);
    await expect(readUnder({ id: '1', ours: false })).rejects.toBe(GONE);
    expect([open.mock.calls.length, read.mock.calls.length]).toEqual([1, 2]);
  });

  it.each([
    ['its own, which somebody has ended on purpose', GONE, true],
    ['any, for another reason', new RelayError('VaultUnavailable', 'away'), false],
  ])('asks for none in place of %s', async (_what, error, ours) => {
    read.mockRejectedValue(error);
    await expect(readUnder({ id: '1', ours })).rejects.toBe(error);
    expect(open).not.toHaveBeenCalled();
  });

  it('is for a sync shared with whoever is there, and without a change afterwards', () => {
    expect(TERMS).toEqual({ reason: 'why', changeAtEnd: false, whenHeld: 'share' });
  });
});
