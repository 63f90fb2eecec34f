/** Looks at open tickets in their ticket system, and queues those that ask for no access any more. */
import { createSend } from '#shared/aws/queue.ts';
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { createTicketSystems } from '#shared/runtime/ticket-systems.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { createLook } from './look.ts';

const { config, env } = readDeployment(ticketSteps.look);
const bucket = env.get('RECORDS_BUCKET');
const send = createSend(env.get('TICKETS_QUEUE_URL'));

export const handler = defineHandler(
  ticketSteps.look,
  createLook({
    webhooks: config.webhooks,
    systemOf: createTicketSystems(config),
    records: createS3Records(bucket),
    signals: createS3Signals(bucket),
    send: (message) => send(JSON.stringify(message)),
    onUnread: ({ route, number }, error) =>
      logger.warn('open ticket not read', {
        route,
        number,
        failure: { name: error.name, message: error.message },
      }),
  }),
);
