import { createIntakeQueue } from '#functions/intake/queue/queue.ts';
import { findSource } from '#shared/config/checkable.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { Message } from '#shared/messages/messages.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { CrashableBucket } from '#test/support/crashable-bucket.ts';

export interface Intake {
  readonly config: RelayConfig;
  readonly bucket: CrashableBucket;
  readonly executionsOf: ExecutionsOf;
  readonly now: () => number;
}

const rulesOf = (rule: Source): SourceRules => {
  const source = findSource(REGISTERED_TYPES, rule.source);
  if (source === undefined) throw new RangeError(`There is no source ${rule.source}.`);
  return source.rules(rule);
};

/**
 * Handles a message like the intake function, which opens no lease and is never killed here.
 * @returns the reason of a refusal, or undefined. @throws when the message would be redelivered.
 */
export const takeMessage = async (
  { config, bucket, executionsOf, now }: Intake,
  message: Message,
  { by, sentAt }: { readonly by: Principal; readonly sentAt: number },
): Promise<string | undefined> => {
  let refusal: string | undefined;
  const handle = createIntakeQueue({
    rules: config,
    rulesOf: async (rule) => rulesOf(rule),
    addressOf: async (rule) => rulesOf(rule).address,
    executionsOf,
    startSubject: async () => {},
    sharedRecords: bucket.shared,
    ...bucket,
    refuse: async (_, { message: reason }) => {
      refusal = reason;
    },
    onFailure: () => {},
    measure: async () => {},
    now,
  });
  const attributes = { ApproximateReceiveCount: 1, SenderId: `${by.id}:session`, SentTimestamp: sentAt };
  const { batchItemFailures } = await handle({
    Records: [{ messageId: 'any', body: JSON.stringify(message), attributes }],
  });
  if (batchItemFailures.length > 0) throw new Error(`The message would be redelivered: ${JSON.stringify(message)}`);
  return refusal;
};
