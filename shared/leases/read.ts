import type { Leases, LeaseTerms, Read } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/** A lease that is read under. `ours` is false for one that somebody else opened. */
export interface ReadLease {
  readonly id: string;
  readonly ours: boolean;
}

/**
 * Reads under a lease. One that somebody else opened may end under our hands: then a new one is asked for, once, and told
 * before it is read under, so that it gets closed even if reading fails.
 */
export const readUnderLease = async <L extends ReadLease>(
  leases: Pick<Leases, 'open' | 'read'>,
  item: Item,
  lease: L,
  terms: LeaseTerms,
  onReopened: (lease: L) => void,
): Promise<Read> => {
  try {
    return await leases.read(lease.id, item);
  } catch (thrown) {
    const isGone = thrown instanceof RelayError && thrown.name === 'LeaseGone';
    if (!isGone || lease.ours) throw thrown;
    const reopened = { ...lease, ...(await leases.open(item, terms)) };
    onReopened(reopened);
    return await leases.read(reopened.id, item);
  }
};

/** The terms of a sync: shared with whoever is there already, and without a change afterwards. */
export const syncTerms = (reason: string): LeaseTerms => ({
  reason,
  // Each sync would change what it has just delivered.
  changeAtEnd: false,
  whenHeld: 'share',
});
