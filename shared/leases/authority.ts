import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/leases/marker.ts';

/**
 * Whose approval may be used for what. For the vault all who sign in as one user are one: asked again, it hands out what another
 * workflow, another relay or a person has open, with whatever was approved for that.
 */

/**
 * Whether a run may read under a lease with this marker: its own, or a sync under that of another sync of its relay. Both deliver
 * for good what syncs were given access to; a checkout was approved for its window, and nobody knows what others were
 * approved for. Pure.
 */
export const mayReadUnder = (marker: Marker | undefined, own: Marker): boolean => {
  if (isSameMarker(marker, own)) return true;
  const areSyncs = marker?.workflow === 'sync' && own.workflow === 'sync';
  return areSyncs && marker.relayId === own.relayId;
};

/** A lease that may be read under; `ours` is false for that of another sync. */
export interface ReadableLease {
  readonly id: string;
  readonly ours: boolean;
  readonly status: HeldLease['status'];
}

/**
 * What an answer to {@link Leases.open} comes to, by the list of what is held: a lease that may be read under, or the error that
 * says whose it is and what to do. Pure.
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
  if (lease === undefined || !mayReadUnder(marker, own)) return inTheWay(lease, own, title);
  return { id, ours: isSameMarker(marker, own), status: lease.status };
};

/** The error for a lease that is not for this run to read under; `lease` is undefined when the vault does not list it. Pure. */
export const inTheWay = (lease: HeldLease | undefined, { relayId }: Marker, title: string): RelayError => {
  const marker = lease && readMarker(lease.reason);
  const approval = lease?.status === 'pending' ? ', and waits for an approval' : '';
  const [whose, advice] = describeOwner(lease !== undefined, marker, relayId);
  return new RelayError(
    'RequestConflict',
    `${title}: the vault has a request for it open already, ${whose}${approval}. What was approved for others is not used for a sync, so it was not read. ${advice}`,
  );
};

const describeOwner = (
  isListed: boolean,
  marker: Marker | undefined,
  relayId: string,
): readonly [whose: string, advice: string] => {
  if (!isListed) {
    return [
      'and does not list it, so that nobody can say whose it is',
      "Look at the open requests of the relay's user.",
    ];
  }
  if (marker === undefined) {
    return [
      "of somebody who signs in as the relay's user",
      'Give it back in the vault when it is no longer needed, and let nobody else use that user.',
    ];
  }
  if (marker.relayId !== relayId) {
    return [
      `of another relay, ${marker.relayId} (${marker.workflow} ${marker.run})`,
      'Give each relay a user of its own in the vault.',
    ];
  }
  return [`of ${marker.workflow} ${marker.run}`, `The next run delivers it once that ${marker.workflow} is over.`];
};
