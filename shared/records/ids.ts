import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CheckoutIdentity } from '#shared/domain/checkout/identity.ts';
import { type Principal, principalSchema } from '#shared/domain/checkout/principal.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Owners of checkout ids. The first message of a principal with an id registers it. Messages can arrive in any order,
 * so this can be a message of any type.
 *
 * ids/<rule>/<id>/<hash of the principal>.json
 */
const knownIdSchema = z.object({ principal: principalSchema, id: z.string(), opening: z.iso.datetime() });
export type KnownId = z.infer<typeof knownIdSchema>;

type Named = Pick<CheckoutIdentity, 'checkout' | 'id'>;

export const idAt = {
  /** Common prefix of the keys of all principals that use this id, and of no other keys. */
  prefix: ({ checkout, id }: Named): string => `ids/${checkout}/${id}/`,
  known: (named: Named, { kind, id }: Principal): RecordPlace<KnownId> => {
    const hash = createHash('sha256')
      .update(JSON.stringify([kind, id]))
      .digest('hex');
    return idAt.key(`${idAt.prefix(named)}${hash}.json`);
  },
  /** Place of a record under the prefix. */
  key: (key: string): RecordPlace<KnownId> => ({ key, schema: knownIdSchema }),
} as const;

/** Records that are created once and never changed. Raises the same errors as `Records`. */
export interface Claims {
  /**
   * Writes a record unless one exists at its place. Returns the given object itself if it was written, and otherwise
   * the existing record. Repeatable.
   */
  claim<T>(place: RecordPlace<T>, record: T): Promise<T>;
}
