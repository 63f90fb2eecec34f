import * as z from 'zod';
import { itemSchema } from '#shared/domain/item.ts';

/** One secret in one store, as the plan found it: what it is to hold, and what it held (`Expected` of the store port). */
const targetSchema = z.object({
  /** Name of the store in relay.yaml. */
  store: z.string(),
  /** Name of the secret. */
  name: z.string(),
  stamp: z.string(),
  expected: z.union([z.object({ stamp: z.string() }), z.enum(['absent', 'unstamped'])]),
});
export type Target = z.infer<typeof targetSchema>;

/** One read of a batch, and where it is delivered. */
const batchItemSchema = z.object({ item: itemSchema, targets: z.array(targetSchema).min(1) });
export type BatchItem = z.infer<typeof batchItemSchema>;

/** A secret of ours whose item is no longer selected. */
const orphanSchema = z.object({ store: z.string(), name: z.string() });
export type Orphan = z.infer<typeof orphanSchema>;

/** What one batch has to do. */
export const batchSchema = z.object({ items: z.array(batchItemSchema), retire: z.array(orphanSchema) });
export type Batch = z.infer<typeof batchSchema>;
