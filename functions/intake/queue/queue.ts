import type { RelayError } from '#shared/errors.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import type { QueueAnswer, QueueBatch } from '#shared/workflows/intake.ts';
import { type ActionDependencies, createActions } from './actions.ts';
import { checkoutNamedIn, readMessage } from './read-message.ts';

/** A message that was not handled, with the checkout rule that it names, if it exists. */
export interface FailedMessage {
  readonly messageId: string;
  readonly rule: string | undefined;
}

export interface IntakeQueueDependencies extends ActionDependencies, Pick<BatchDependencies, 'refuse' | 'measure'> {
  /** Called for each message that was not handled, on every attempt. */
  readonly onFailure: (message: FailedMessage, error: RelayError) => void;
}

/** Handles the messages of a batch. Repeatable. */
export const createIntakeQueue = (dependencies: IntakeQueueDependencies) => {
  const { rules, addressOf, refuse, onFailure, measure, now } = dependencies;
  const act = createActions(dependencies);
  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> =>
    handleBatch(
      records,
      async ({ body, attributes }) => act(await readMessage(body, rules, now(), addressOf), attributes),
      {
        refuse,
        measure,
        onFailure: ({ messageId, body }, error) => onFailure({ messageId, rule: checkoutNamedIn(body, rules) }, error),
      },
    );
};
