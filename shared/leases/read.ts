import type { Leases, LeaseTerms, Read } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type ReadableLease, readableLease } from '#shared/leases/authority.ts';
import { type Marker, writeReason } from '#shared/leases/marker.ts';

/**
 * Reads under a lease of a sync, as {@link mayReadUnder} allows it. That of another sync may end under our hands: then a new
 * one is asked for, once, and told before it is read under, so that it gets closed even if reading fails. Raises
 * `RequestConflict` when what the vault gives then is nobody's to read under.
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
    const reopened = { ...lease, ...(await openAnew(leases, item, own)) };
    onReopened(reopened);
    return await leases.read(reopened.id, item);
  }
};

const openAnew = async (leases: Pick<Leases, 'open' | 'held'>, item: Item, own: Marker): Promise<ReadableLease> => {
  const opened = await leases.open(item, syncTerms(own));
  // What the list does not show readably is not read under.
  const lease = readableLease(opened, opened.ours ? [] : await leases.held(() => {}), own, item.title);
  if (lease instanceof RelayError) throw lease;
  return lease;
};

/**
 * The terms of a sync: without a change afterwards, and shared. Whose the shared one is shows only then, and says whether it is
 * read under.
 */
export const syncTerms = (own: Marker): LeaseTerms => ({
  reason: writeReason(own),
  // Each sync would change what it has just delivered.
  changeAtEnd: false,
  whenHeld: 'share',
});
