import type { Leases, LeaseTerms, Read } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type ReadableLease, readableLease } from '#shared/leases/authority.ts';
import { type Marker, writeReason } from '#shared/leases/marker.ts';

/**
 * Reads under a lease of a sync, as permitted by {@link canReadUnder}. A lease of another sync can end in the meantime.
 * In that case a new lease is opened, once, and reported before the read, so that it is closed even if the read fails.
 * Raises `RequestConflict` if this run must not read under the lease that the vault then returns.
 */
export const readUnderLease = async <L extends ReadableLease>(
  leases: Pick<Leases, 'open' | 'read' | 'held'>,
  item: Item,
  lease: L,
  own: Marker,
  onReopened: (lease: L) => void,
): Promise<Read> => {
  try {
    return await leases.read(lease.id, item);
  } catch (thrown) {
    const isGone = thrown instanceof RelayError && thrown.name === 'LeaseGone';
    if (!isGone || lease.ours) throw thrown;
    const reopened = { ...lease, ...(await reopen(leases, item, own)) };
    onReopened(reopened);
    return await leases.read(reopened.id, item);
  }
};

const reopen = async (leases: Pick<Leases, 'open' | 'held'>, item: Item, own: Marker): Promise<ReadableLease> => {
  const opened = await leases.open(item, syncTerms(own));
  // Ignores unreadable leases: the run must not read under one.
  const lease = readableLease(opened, opened.ours ? [] : await leases.held(() => {}), own, item.title);
  if (lease instanceof RelayError) throw lease;
  return lease;
};

/**
 * Terms of a lease for a sync: no change at its end, and shared if one is held already. The owner of a shared lease is
 * known only after opening, and determines whether the run may read under it.
 */
export const syncTerms = (own: Marker): LeaseTerms => ({
  reason: writeReason(own),
  // Otherwise each sync would change the credential that it has just delivered.
  changeAtEnd: false,
  whenHeld: 'share',
});
