import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Grant } from '#shared/workflows/grants.ts';
import { checkoutGrants, intakeSteps } from '#shared/workflows/intake.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** Functions of webhooks: one verifies and queues, and one maps and acts behind the queue. */

type Webhooks = Pick<RelayConfig, 'webhooks'>;

/** True if the relay receives webhooks. */
export const takesTickets = ({ webhooks }: Webhooks): boolean => Object.keys(webhooks).length > 0;

/** True if the relay comments on tickets. */
export const writesComments = ({ webhooks }: Webhooks): boolean =>
  Object.values(webhooks).some(({ comments }) => comments);

/** Grants of a step that orders comments. */
export const tellGrants = (config: Webhooks): readonly Grant[] =>
  writesComments(config) ? [{ to: 'ticket-comments', may: 'send' }] : [];

/** True if the relay looks at open tickets. */
export const looksAtTickets = ({ webhooks }: Webhooks): boolean =>
  Object.values(webhooks).some(({ looksEveryMinutes }) => looksEveryMinutes !== undefined);

/**
 * A request to an HTTP API, payload format 2.0. Header names are in lower case, and repeated headers are joined by a
 * comma. Source: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs".
 */
const requestSchema = z.object({
  routeKey: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
});
export type WebhookRequest = z.infer<typeof requestSchema>;

const webhook = {
  folder: 'intake/webhook',
  input: requestSchema,
  output: z.object({ statusCode: z.int() }),
  seconds: 15,
  memoryMb: 512,
  grants: () => [
    { to: 'webhook-keys', may: 'read' },
    { to: 'ticket-states', may: 'send' },
  ],
} as const satisfies Step;
export type WebhookAnswer = z.infer<typeof webhook.output>;

const tickets = {
  folder: 'intake/tickets',
  input: intakeSteps.queue.input,
  output: intakeSteps.queue.output,
  seconds: 60,
  memoryMb: 512,
  grants: (config) => [
    { to: 'ticket-states', may: 'handle' },
    ...tellGrants(config),
    { to: 'records', may: 'read', folder: 'tickets' },
    { to: 'records', may: 'write', folder: 'tickets' },
    { to: 'records', may: 'write', folder: 'held' },
    { to: 'records', may: 'remove', folder: 'held' },
    ...checkoutGrants,
  ],
} as const satisfies Step;

const wake = {
  folder: 'intake/wake',
  input: z.object({}),
  /** Number of held tickets. */
  output: z.object({ held: z.int() }),
  seconds: 300,
  memoryMb: 512,
  grants: () => [
    { to: 'ticket-states', may: 'send' },
    { to: 'records', may: 'list' },
  ],
} as const satisfies Step;

const comments = {
  folder: 'intake/comments',
  input: intakeSteps.queue.input,
  output: intakeSteps.queue.output,
  seconds: 120,
  memoryMb: 512,
  grants: () => [
    { to: 'ticket-comments', may: 'handle' },
    { to: 'ticket-systems', may: 'use' },
    { to: 'records', may: 'read', folder: 'comments' },
    { to: 'records', may: 'write', folder: 'comments' },
  ],
} as const satisfies Step;

const look = {
  folder: 'intake/look',
  /** Name of the entry under webhooks. */
  input: z.object({ route: z.string() }),
  /** Numbers of open tickets, and of those that were closed. */
  output: z.object({ open: z.int(), closed: z.int() }),
  seconds: 300,
  memoryMb: 512,
  grants: () => [
    { to: 'ticket-states', may: 'send' },
    { to: 'ticket-systems', may: 'use' },
    { to: 'records', may: 'read', folder: 'checkouts' },
  ],
} as const satisfies Step;
export type LookOrder = z.infer<typeof look.input>;
export type Looked = z.infer<typeof look.output>;

export const ticketSteps = { webhook, tickets, wake, comments, look };

export const ticketWorkflow: WorkflowSteps = { steps: [webhook, tickets, wake], isUsed: takesTickets };
export const commentWorkflow: WorkflowSteps = { steps: [comments], isUsed: writesComments };
export const lookWorkflow: WorkflowSteps = { steps: [look], isUsed: looksAtTickets };
