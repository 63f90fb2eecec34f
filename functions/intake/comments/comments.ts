import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import { type TicketComment, ticketCommentSchema } from '#shared/messages/ticket-comment.ts';
import type { Signals } from '#shared/records/signals.ts';
import { commentAt } from '#shared/records/tickets.ts';
import type { TicketSystem } from '#shared/ticket-systems/ticket-system.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';

export interface CommentsDependencies extends Omit<BatchDependencies, 'isFinal'> {
  readonly webhooks: RelayConfig['webhooks'];
  readonly systemOf: (name: string) => Promise<TicketSystem>;
  readonly marks: Pick<Signals, 'list' | 'put'>;
}

/**
 * Writes comments to tickets, each once. The mark is written after the comment, so a crash in between repeats it. A
 * comment that fails changes no access.
 */
export const createComments = (dependencies: CommentsDependencies) => {
  const { webhooks, systemOf, marks } = dependencies;

  const handle = async ({ body }: QueueRecord): Promise<void> => {
    const comment = parse(body);
    const webhook = Object.hasOwn(webhooks, comment.route) ? webhooks[comment.route] : undefined;
    // The operator has turned comments off.
    if (webhook?.ticketSystem === undefined || !webhook.comments) return;
    const mark = commentAt(comment);
    if ((await marks.list(mark)).includes(mark)) return;
    const system = await systemOf(webhook.ticketSystem);
    await system.comment(comment.number, comment.text);
    await marks.put(mark);
  };

  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> =>
    // Neither a refused sign-in, which would lock the user, nor a comment that may be written is repeated.
    handleBatch(records, handle, {
      ...dependencies,
      isFinal: ({ retryable, mayHaveHappened }) => !retryable || mayHaveHappened,
    });
};

const parse = (body: string): TicketComment => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const { data } = ticketCommentSchema.safeParse(json);
  if (data !== undefined) return data;
  throw new RelayError('MessageInvalid', 'the whole message: is not an order of the relay for a comment');
};
