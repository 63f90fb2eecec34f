import { asRelayError, type RelayError } from '#shared/errors.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import type { QueueAnswer, QueueRecord } from '#shared/workflows/intake.ts';

export interface BatchDependencies {
  /** Moves a message with the reason to the queue of refused messages. Raises if this fails. */
  readonly refuse: (message: Pick<QueueRecord, 'messageId' | 'body'>, error: RelayError) => Promise<void>;
  /** Called for each message that was not handled, on every attempt. */
  readonly onFailure: (message: QueueRecord, error: RelayError) => void;
  /** Returns true if a message with this error must not come again. Default: only an invalid message. */
  readonly isFinal?: (error: RelayError) => boolean;
  readonly measure: (count: { handled: number; refused: number }) => Promise<void>;
}

type Outcome = 'handled' | 'refused' | 'again';

/**
 * Handles each message of a batch independently. An invalid message is refused with the reason. A message that failed
 * for another reason is delivered again, and refused after its last delivery. Repeatable.
 */
export const handleBatch = async (
  records: readonly QueueRecord[],
  handle: (record: QueueRecord) => Promise<void>,
  { refuse, onFailure, measure, isFinal = () => false }: BatchDependencies,
): Promise<QueueAnswer> => {
  const outcomeOf = async (record: QueueRecord): Promise<Outcome> => {
    try {
      await handle(record);
      return 'handled';
    } catch (thrown) {
      const error = asRelayError(thrown, 'Handling a message');
      onFailure(record, error);
      const isLastTime = record.attributes.ApproximateReceiveCount >= MAX_RECEIVES;
      if (error.name !== 'MessageInvalid' && !isFinal(error) && !isLastTime) return 'again';
      return refuse(record, error).then(
        () => 'refused',
        // If this fails, SQS itself finally moves the message to that queue, without a reason.
        () => 'again',
      );
    }
  };
  const outcomes = await Promise.all(records.map(outcomeOf));
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  await measure({ handled: count('handled'), refused: count('refused') });
  return {
    batchItemFailures: records.flatMap(({ messageId }, index) =>
      outcomes[index] === 'again' ? [{ itemIdentifier: messageId }] : [],
    ),
  };
};
