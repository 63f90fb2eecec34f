import { asRelayError, type RelayError } from '#shared/errors.ts';
import { MAXIMUM_RECEIVES } from '#shared/messages/messages.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';
import { type ActionDependencies, createActions } from './actions.ts';
import { readMessage } from './read-message.ts';

export interface IntakeQueueDependencies extends ActionDependencies {
  /** Puts a message aside with what is wrong with it; raises when that did not work. */
  readonly refuse: (message: Pick<QueueRecord, 'messageId' | 'body'>, error: RelayError) => Promise<void>;
  /** Told of each message that could not be handled, this time or for good. */
  readonly onTrouble: (message: Pick<QueueRecord, 'messageId'>, error: RelayError) => void;
  readonly measure: (count: { handled: number; refused: number }) => Promise<void>;
}

type Outcome = 'handled' | 'refused' | 'again';

/**
 * Does what each message of a batch asks for. One that can't be acted on is put aside with the reason; one that failed on
 * what may pass comes again, and is put aside when it came for the last time. None of them concerns its neighbours, and
 * all that is done may be done again.
 */
export const createIntakeQueue = (dependencies: IntakeQueueDependencies) => {
  const { rules, addressOf, refuse, onTrouble, measure, now } = dependencies;
  const act = createActions(dependencies);

  const handle = async (record: QueueRecord): Promise<Outcome> => {
    try {
      await act(await readMessage(record.body, rules, now(), addressOf), record.attributes);
      return 'handled';
    } catch (thrown) {
      const error = asRelayError(thrown, 'Handling a message');
      onTrouble(record, error);
      const isLastTime = record.attributes.ApproximateReceiveCount >= MAXIMUM_RECEIVES;
      if (error.name !== 'MessageInvalid' && !isLastTime) return 'again';
      return refuse(record, error).then(
        () => 'refused',
        // Where the function can't, SQS itself puts it aside in the end, without a reason.
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
