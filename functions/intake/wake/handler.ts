/** Queues the tickets whose window begins later than one execution can wait. Calls no vault and no store. */
import { createSend } from '#shared/aws/queue.ts';
import { createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { createWake } from './wake.ts';

const { env } = readDeployment(ticketSteps.wake);
const send = createSend(env.get('TICKETS_QUEUE_URL'));

export const handler = defineHandler(
  ticketSteps.wake,
  createWake({
    signals: createS3Signals(env.get('RECORDS_BUCKET')),
    send: (message) => send(JSON.stringify(message)),
  }),
);
