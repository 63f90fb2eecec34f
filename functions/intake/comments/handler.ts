/** Writes comments to tickets. Calls no vault and no store. A comment that fails changes no access. */
import { createRefuse } from '#shared/aws/queue.ts';
import { createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { createTicketSystems } from '#shared/runtime/ticket-systems.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { createComments } from './comments.ts';

const { config, env } = readDeployment(ticketSteps.comments);

export const handler = defineHandler(
  ticketSteps.comments,
  createComments({
    webhooks: config.webhooks,
    systemOf: createTicketSystems(config),
    marks: createS3Signals(env.get('RECORDS_BUCKET')),
    refuse: createRefuse(env.get('REFUSED_COMMENTS_URL')),
    onFailure: ({ messageId }, { name, message }) =>
      logger.warn('comment not written', { messageId, failure: { name, message } }),
    measure: ({ handled, refused }) =>
      emitMetrics(config.relay, { queue: 'comments' }, { MessagesHandled: handled, MessagesRefused: refused }),
  }),
);
