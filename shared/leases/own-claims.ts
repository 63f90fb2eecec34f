import type { ItemRef } from '#shared/domain/item.ts';
import { asRelayError } from '#shared/errors.ts';
import { claimAt } from '#shared/leases/claim-record.ts';
import { readMarker } from '#shared/leases/marker.ts';
import type { Records } from '#shared/records/records.ts';

/**
 * Returns the reason why the open lease of an item may be the relay's own; undefined if it is not. Never raises: a
 * claim that cannot be read is such a reason. Repeatable.
 */
export type FindOwnClaim = (ref: ItemRef) => Promise<string | undefined>;

/** Creates the look at the claims in the vault at this host and port, over any connection. */
export const createFindOwnClaim =
  (records: Pick<Records, 'read'>, site: string): FindOwnClaim =>
  async (ref) => {
    try {
      const claim = await records.read(claimAt.item(site, ref));
      if (claim === undefined) return undefined;
      const { run } = readMarker(claim.reason) ?? {};
      return `The relay itself has it open${run === undefined ? '' : `, in the run ${run}`}.`;
    } catch (thrown) {
      const { message } = asRelayError(thrown, 'Reading a claim');
      return `It may be the relay's own: ${message}`;
    }
  };
