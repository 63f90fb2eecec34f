import * as z from 'zod';
import { itemSchema } from '#shared/domain/item.ts';

/** One secret in one store: the stamp to deliver, and the state that the plan found (`Expected` of the store port). */
const targetSchema = z.object({
  /** Name of the store in relay.yaml. */
  store: z.string(),
  /** Name of the secret. */
  name: z.string(),
  stamp: z.string(),
  expected: z.union([z.object({ stamp: z.string() }), z.enum(['absent', 'unstamped'])]),
});
export type Target = z.infer<typeof targetSchema>;

/** One item to read, and the targets to deliver it to. */
const batchItemSchema = z.object({ item: itemSchema, targets: z.array(targetSchema).min(1) });
export type BatchItem = z.infer<typeof batchItemSchema>;

/** A secret that the relay delivered and whose item is no longer selected. */
const orphanSchema = z.object({ store: z.string(), name: z.string() });
export type Orphan = z.infer<typeof orphanSchema>;

/** Work of one batch. */
export const batchSchema = z.object({ items: z.array(batchItemSchema), retire: z.array(orphanSchema) });
export type Batch = z.infer<typeof batchSchema>;
