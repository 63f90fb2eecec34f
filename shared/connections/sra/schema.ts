import * as z from 'zod';
import { parseInstant } from '#shared/domain/instant.ts';

/** Rows of the Configuration API. The site adds fields at any time, and sends some numbers as text. */

const id = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value),
  z.int().min(1),
);

/** Text; undefined if the site sends none. An empty code name means none as well. */
const optionalText = z
  .string()
  .nullish()
  .transform((text) => text || undefined);

/** Epoch milliseconds of a time, which sites send as RFC 3339 or in epoch seconds. Null if there was none. */
const optionalInstant = z
  .unknown()
  .optional()
  .transform((value): number | null | undefined => {
    if (value === null || value === '') return null;
    if (typeof value === 'number' || (typeof value === 'string' && /^\d{1,11}$/.test(value)))
      return Number(value) * 1000;
    return typeof value === 'string' ? parseInstant(value, undefined) : undefined;
  });

export const accountRow = z.object({
  id,
  type: z.string().min(1),
  name: z.string().min(1),
  personal: z
    .boolean()
    .nullish()
    .transform((value) => value === true),
  account_group_id: id.nullish().transform((value) => value ?? undefined),
  account_policy: optionalText,
  last_checkout_timestamp: optionalInstant,
});
export type AccountRow = z.output<typeof accountRow>;

export const groupRow = z.object({ id, name: z.string().min(1), account_policy: optionalText });
export type GroupRow = z.output<typeof groupRow>;

export const policyRow = z.object({
  id,
  name: z.string().min(1),
  code_name: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  auto_rotate_credentials: z.boolean(),
});
export type PolicyRow = z.output<typeof policyRow>;
