import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/leases/marker.ts';

/**
 * Rules for the use of approvals. A vault does not distinguish clients that sign in as the same user: a second request
 * returns the lease that another workflow, another relay or a person has open, with its approval.
 */

/**
 * True if a run may read under a lease with this marker: its own lease or, for a sync, the lease of another sync of its
 * relay. An approval for a sync covers permanent delivery by any sync. A checkout is approved only for its window, and
 * the purpose of other approvals is unknown. Pure.
 */
export const canReadUnder = (marker: Marker | undefined, own: Marker): boolean => {
  if (isSameMarker(marker, own)) return true;
  const areSyncs = marker?.workflow === 'sync' && own.workflow === 'sync';
  return areSyncs && marker.relayId === own.relayId;
};

/** A lease that the run may read under; `ours` is false for a lease of another sync. */
export interface ReadableLease {
  readonly id: string;
  readonly ours: boolean;
  readonly status: HeldLease['status'];
}

/**
 * Checks an answer to {@link Leases.open} against the held leases. Returns a lease that the run may read under, or the
 * error that names its owner and the fix. Pure.
 */
export const readableLease = (
  { id, ours }: Awaited<ReturnType<Leases['open']>>,
  held: readonly HeldLease[],
  own: Marker,
  title: string,
): ReadableLease | RelayError => {
  const lease = held.find((candidate) => candidate.id === id);
  if (ours) return { id, ours, status: lease?.status ?? 'active' };
  const marker = lease && readMarker(lease.reason);
  if (lease === undefined || !canReadUnder(marker, own)) return leaseConflict(lease, own, title);
  return { id, ours: isSameMarker(marker, own), status: lease.status };
};

/**
 * The error for a lease that this run must not read under; `lease` is undefined if the vault does not list it. Pure.
 */
export const leaseConflict = (lease: HeldLease | undefined, { relayId }: Marker, title: string): RelayError => {
  const marker = lease && readMarker(lease.reason);
  const approval = lease?.status === 'pending' ? ' and waiting for approval' : '';
  const [whose, advice] = describeOwner(lease !== undefined, marker, relayId);
  return new RelayError(
    'RequestConflict',
    `${title}: the vault already has an open request, ${whose}${approval}. A sync does not use the approvals of others, so the item was not read. ${advice}`,
  );
};

const describeOwner = (
  isListed: boolean,
  marker: Marker | undefined,
  relayId: string,
): readonly [whose: string, advice: string] => {
  if (!isListed) {
    return [
      'but does not list it, so its owner is unknown',
      "Check the open requests of the relay's user in the vault.",
    ];
  }
  if (marker === undefined) {
    return [
      "made by another client that signs in as the relay's user",
      'Check it in when it is no longer needed, and reserve that user for the relay.',
    ];
  }
  if (marker.relayId !== relayId) {
    return [
      `made by another relay, ${marker.relayId} (${marker.workflow} ${marker.run})`,
      'Give each relay its own user in the vault.',
    ];
  }
  return [
    `made by ${marker.workflow} ${marker.run}`,
    `The first run after the end of that ${marker.workflow} delivers it.`,
  ];
};
