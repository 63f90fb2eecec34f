import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { type ItemRef, isSameItem } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/leases/marker.ts';

/**
 * Tells a run's own leases from all others that the user holds. Vaults that keep a reason tell it by the marker; those that
 * keep none need another way of the same shape, such as a note of each intent.
 */
export type IsOurs = (lease: HeldLease) => boolean;

/** Recognises leases by the marker in their reason. */
export const markedAs =
  (marker: Marker): IsOurs =>
  ({ reason }) =>
    isSameMarker(readMarker(reason), marker);

/** The leases of one run that have not ended. Raises as {@link Leases.held}, with `onUnreadable` as there; repeatable. */
export const findOurs = async (
  leases: Pick<Leases, 'held'>,
  isOurs: IsOurs,
  onUnreadable?: (error: RelayError) => void,
): Promise<HeldLease[]> => (await leases.held(onUnreadable)).filter(isOurs);

/** Whether a lease is for this item, by whichever of its names it was asked for. */
export const isFor = ({ items }: HeldLease, ref: ItemRef): boolean => items.some((item) => isSameItem(item, ref));
