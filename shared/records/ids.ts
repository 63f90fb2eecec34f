import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import { type Principal, principalSchema } from '#shared/domain/checkout/principal.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Which ids of checkouts belong to whom. The first message about an id that a principal sends makes it known, whatever kind
 * it is of, since messages come in any order.
 *
 *     ids/<rule>/<id>/<hash of the principal>.json
 */
const knownIdSchema = z.object({ principal: principalSchema, id: z.string(), opening: z.iso.datetime() });
export type KnownId = z.infer<typeof knownIdSchema>;

type Named = Pick<CheckoutIdentity, 'checkout' | 'id'>;

export const idAt = {
  /** What the key of everybody's use of this id, and of no other, begins with. */
  prefix: ({ checkout, id }: Named): string => `ids/${checkout}/${id}/`,
  known: (named: Named, { kind, id }: Principal): RecordPlace<KnownId> => {
    const hash = createHash('sha256')
      .update(JSON.stringify([kind, id]))
      .digest('hex');
    return idAt.key(`${idAt.prefix(named)}${hash}.json`);
  },
  /** By a key that lies under the prefix. */
  key: (key: string): RecordPlace<KnownId> => ({ key, schema: knownIdSchema }),
} as const;

/** Records that are made once. Raises as `Records`. */
export interface Claims {
  /** Writes a record unless there is one at its place, and gives back the one that is there then. Repeatable. */
  claim<T>(place: RecordPlace<T>, record: T): Promise<T>;
}
