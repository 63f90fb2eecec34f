import * as z from 'zod';

/** One message as SQS hands it to Lambda (Lambda developer guide, "Using Lambda with Amazon SQS"). */
const recordSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  attributes: z.object({ ApproximateReceiveCount: z.coerce.number().int() }),
});
export type QueueRecord = z.infer<typeof recordSchema>;

export const contract = {
  input: z.object({ Records: z.array(recordSchema) }),
  /** Which messages are to come again; all others leave the queue. */
  output: z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) }),
};
export type QueueBatch = z.infer<typeof contract.input>;
export type QueueAnswer = z.infer<typeof contract.output>;

export const environment = z.object({
  RELAY_ID: z.string().min(1),
  RECORDS_BUCKET: z.string().min(1),
  SYNC_MACHINE_ARN: z.string().min(1),
  CHECKOUT_MACHINE_ARN: z.string().min(1),
  RELEASE_MACHINE_ARN: z.string().min(1),
  REFUSED_QUEUE_URL: z.string().min(1),
});
