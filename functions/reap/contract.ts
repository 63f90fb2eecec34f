import * as z from 'zod';

export const contract = {
  /** Started by a schedule, which has nothing to say. */
  input: z.unknown(),
  output: z.object({ openLeases: z.int(), reaped: z.int(), abandoned: z.int() }),
};

export const environment = z.object({
  RELAY_ID: z.string().min(1),
  SYNC_MACHINE_ARN: z.string().min(1),
  /** These only where relay.yaml has checkouts. */
  CHECKOUT_MACHINE_ARN: z.string().min(1).optional(),
  RELEASE_MACHINE_ARN: z.string().min(1).optional(),
  RECORDS_BUCKET: z.string().min(1).optional(),
});
