import { asRelayError, type RelayError } from '#shared/errors.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';
import { type ActionDependencies, createActions } from './actions.ts';
import { checkoutNamedIn, readMessage } from './read-message.ts';

/** A message that was not handled, with the checkout rule that it names, if it exists. */
export interface FailedMessage {
  readonly messageId: string;
  readonly rule: string | undefined;
}

export interface IntakeQueueDependencies extends ActionDependencies {
  /** Moves a message with the reason to the queue of refused messages. Raises if this fails. */
  readonly refuse: (message: Pick<QueueRecord, 'messageId' | 'body'>, error: RelayError) => Promise<void>;
  /** Called for each message that was not handled, on every attempt. */
  readonly onFailure: (message: FailedMessage, error: RelayError) => void;
  readonly measure: (count: { handled: number; refused: number }) => Promise<void>;
}

type Outcome = 'handled' | 'refused' | 'again';

/**
 * Handles each message of a batch independently. An invalid message is refused with the reason. A message that failed
 * for another reason is delivered again, and refused after its last delivery. Repeatable.
 */
export const createIntakeQueue = (dependencies: IntakeQueueDependencies) => {
  const { rules, addressOf, refuse, onFailure, measure, now } = dependencies;
  const act = createActions(dependencies);

  const handle = async (record: QueueRecord): Promise<Outcome> => {
    try {
      await act(await readMessage(record.body, rules, now(), addressOf), record.attributes);
      return 'handled';
    } catch (thrown) {
      const error = asRelayError(thrown, 'Handling a message');
      onFailure({ messageId: record.messageId, rule: checkoutNamedIn(record.body, rules) }, error);
      const isLastTime = record.attributes.ApproximateReceiveCount >= MAX_RECEIVES;
      if (error.name !== 'MessageInvalid' && !isLastTime) return 'again';
      return refuse(record, error).then(
        () => 'refused',
        // If this fails, SQS itself finally moves the message to that queue, without a reason.
        () => 'again',
      );
    }
  };

  return async ({ Records: records }: QueueBatch): Promise<QueueAnswer> => {
    const outcomes = await Promise.all(records.map(handle));
    const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
    await measure({ handled: count('handled'), refused: count('refused') });
    return {
      batchItemFailures: records.flatMap(({ messageId }, index) =>
        outcomes[index] === 'again' ? [{ itemIdentifier: messageId }] : [],
      ),
    };
  };
};
