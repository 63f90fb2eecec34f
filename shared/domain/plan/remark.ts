import * as z from 'zod';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { ERROR_NAMES } from '#shared/errors.ts';

/** A remark for people about one item, or about a secret without one. */
export const remarkSchema = z.object({
  /** Title of the item, or name of a secret without an item. */
  item: z.string(),
  outcome: z.enum(OUTCOME_NAMES),
  error: z.enum(ERROR_NAMES).optional(),
  message: z.string(),
});
export type Remark = z.infer<typeof remarkSchema>;
