import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { type Item, isSameItem } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/leases/marker.ts';

/**
 * Distinguishes a run's own leases from all others that the user holds. Vaults that keep a reason identify them by the
 * marker; others need another method of the same shape, such as a record of each intent.
 */
export type IsOurs = (lease: HeldLease) => boolean;

/** Recognises leases by the marker in their reason. */
export const markedAs =
  (marker: Marker): IsOurs =>
  ({ reason }) =>
    isSameMarker(readMarker(reason), marker);

/** The open leases of one run. Raises like {@link Leases.held}, with the same `onUnreadable`; repeatable. */
export const findOurs = async (
  leases: Pick<Leases, 'held'>,
  isOurs: IsOurs,
  onUnreadable?: (error: RelayError) => void,
): Promise<HeldLease[]> => (await leases.held(onUnreadable)).filter(isOurs);

/** True if a lease is for this item, under any of the names that it can be requested by. */
export const isFor = ({ items }: HeldLease, { ref, active }: Pick<Item, 'ref' | 'active'>): boolean =>
  items.some((item) => isSameItem(item, ref) || (active !== undefined && isSameItem(item, active)));
