/** Handles the states of tickets. Calls no vault and no store. States can arrive twice, and in any order. */
import { createRefuse } from '#shared/aws/queue.ts';
import { createS3Claims, createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { checkAddress } from '#shared/messages/address.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { tellWith } from '#shared/runtime/tell.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { createTickets } from './tickets.ts';

const { config, env, rulesOf } = createRelay(ticketSteps.tickets);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  ticketSteps.tickets,
  createTickets({
    config,
    rules: config,
    addressProblem: async (rule, items) => {
      const { address } = await rulesOf(rule.connection, rule);
      return items.map((item) => checkAddress(item, address)).find((problem) => problem !== undefined);
    },
    executionsOf: createExecutionsOf(env),
    signals: createS3Signals(bucket),
    records: createS3Records(bucket),
    claims: createS3Claims(bucket),
    sharedRecords: createS3SharedRecords(bucket),
    refuse: createRefuse(env.get('REFUSED_TICKETS_URL')),
    onFailure: ({ messageId }, { name, message }) =>
      logger.warn('state of a ticket not handled', { messageId, failure: { name, message } }),
    measure: ({ handled, refused }) =>
      emitMetrics(config.relay, { queue: 'tickets' }, { MessagesHandled: handled, MessagesRefused: refused }),
    tell: tellWith(config, env),
    now: Date.now,
  }),
);
