import type { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import { SentQueue } from '#infra/triggers/queue-pair.ts';
import { everyMinutes, invocationOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { looksAtTickets, ticketSteps } from '#shared/workflows/tickets.ts';

/** Minimum of Lambda. Ticket systems limit the calls of a user. */
const CONCURRENCY = 2;

/** The queue of orders for comments. Only functions of the stack send to it. */
export const createCommentQueue = (scope: Construct, key: RelayKey): SentQueue =>
  new SentQueue(scope, 'Comments', {
    name: 'comments',
    key,
    step: ticketSteps.comments,
    concurrency: CONCURRENCY,
    holds: 'orders for comments',
  });

/** Connects the queue of comments to its function, if a webhook writes any. */
export const addComments: AddWorkflow = (_stack, { functions, comments }) => {
  if (comments === undefined) return {};
  comments.call(functions.of(ticketSteps.comments));
  return {
    alarms: comments.alarms(
      { kind: 'comment-failed', says: 'A comment on a ticket could not be written.' },
      { kind: 'comment-late', says: 'Comments on tickets are not being written.' },
    ),
  };
};

/** Adds a schedule for each webhook that looks at its open tickets. */
export const addLooks: AddWorkflow = (_stack, { config, functions }) => {
  if (!looksAtTickets(config)) return {};
  const look = functions.of(ticketSteps.look);
  return {
    schedules: Object.entries(config.webhooks).flatMap(([route, { looksEveryMinutes }]) =>
      looksEveryMinutes === undefined
        ? []
        : [
            {
              id: `Look-${route}`,
              name: `look.${route}`,
              timing: everyMinutes(looksEveryMinutes),
              description: `Closes checkouts whose tickets were closed without a webhook to ${route}`,
              target: { ...invocationOf(look), input: { route } },
            },
          ],
    ),
    alarms: [
      {
        kind: 'look-failing',
        says: 'Looks at open tickets fail, so a ticket that was closed without a webhook stays open until its window ends.',
        metric: look.lambda.metricErrors(),
        periods: 3,
      },
    ],
  };
};
