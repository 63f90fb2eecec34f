import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import { checkoutGrants, intakeSteps } from '#shared/workflows/intake.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** Functions of webhooks: one verifies and queues, and one maps and acts behind the queue. */

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
  grants: () => [
    { to: 'ticket-states', may: 'handle' },
    { to: 'records', may: 'read', folder: 'tickets' },
    { to: 'records', may: 'write', folder: 'tickets' },
    ...checkoutGrants,
  ],
} as const satisfies Step;

export const ticketSteps = { webhook, tickets };

/** True if the relay receives webhooks. */
export const takesTickets = ({ webhooks }: Pick<RelayConfig, 'webhooks'>): boolean => Object.keys(webhooks).length > 0;

export const ticketWorkflow: WorkflowSteps = { steps: Object.values(ticketSteps), isUsed: takesTickets };
