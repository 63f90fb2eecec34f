import { createIntakeQueue } from '#functions/intake/queue/queue.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { Message } from '#shared/messages/messages.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import { rulesOf } from '#test/support/fakes.ts';
import type { MortalBucket } from '#test/support/mortal-bucket.ts';

export interface Intake {
  readonly config: RelayConfig;
  readonly bucket: MortalBucket;
  readonly executionsOf: ExecutionsOf;
  readonly now: () => number;
}

/**
 * Does what a message asks for, as the function does that takes it from the queue, which opens nothing itself and lives.
 * @returns why it was refused; undefined when it was not. @throws when it would come again.
 */
export const takeMessage = async (
  { config, bucket, executionsOf, now }: Intake,
  message: Message,
  by: Principal,
): Promise<string | undefined> => {
  let refusal: string | undefined;
  const handle = createIntakeQueue({
    rules: config,
    rulesOf: async (rule) => rulesOf(rule),
    addressOf: async (rule) => rulesOf(rule).address,
    executionsOf,
    ...bucket,
    refuse: async (_, { message: reason }) => {
      refusal = reason;
    },
    onTrouble: () => {},
    measure: async () => {},
    now,
  });
  const attributes = { ApproximateReceiveCount: 1, SenderId: `${by.id}:session`, SentTimestamp: now() };
  const { batchItemFailures } = await handle({
    Records: [{ messageId: 'any', body: JSON.stringify(message), attributes }],
  });
  if (batchItemFailures.length > 0) throw new Error(`The message comes again: ${JSON.stringify(message)}`);
  return refusal;
};
