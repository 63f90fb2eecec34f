import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ItemRef, itemKey } from '#shared/domain/item.ts';
import { asRelayError } from '#shared/errors.ts';
import { readMarker } from '#shared/leases/marker.ts';
import type { Records } from '#shared/records/records.ts';

/** Part of a claim that names its owner. */
const claimSchema = z.object({ reason: z.string() });

/**
 * Returns the reason why the open lease of an item may be the relay's own; undefined if it is not. Never raises: a
 * claim that cannot be read is such a reason. Repeatable.
 */
export type FindOwnClaim = (ref: ItemRef) => Promise<string | undefined>;

/** Creates the look at the claims of some connections, which sign in to the same vault. */
export const createFindOwnClaim =
  (records: Pick<Records, 'read'>, connections: readonly string[]): FindOwnClaim =>
  async (ref) => {
    const name = createHash('sha256').update(itemKey(ref)).digest('hex');
    for (const connection of connections) {
      try {
        const claim = await records.read({ key: `claims/${connection}/${name}.json`, schema: claimSchema });
        if (claim === undefined) continue;
        const { run } = readMarker(claim.reason) ?? {};
        return `The relay itself has it open${run === undefined ? '' : `, in the run ${run}`}.`;
      } catch (thrown) {
        const { message } = asRelayError(thrown, 'Reading a claim');
        return `It may be the relay's own: ${message}`;
      }
    }
    return undefined;
  };
