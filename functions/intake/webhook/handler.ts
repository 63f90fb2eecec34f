/** Verifies requests of ticket systems and queues them. Parses no body, and calls no vault and no store. */
import { createSend } from '#shared/aws/queue.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { ticketSteps } from '#shared/workflows/tickets.ts';
import { KEYS_SHAPE } from './keys.ts';
import { createWebhook } from './webhook.ts';

const { config, env } = readDeployment(ticketSteps.webhook);
const send = createSend(env.get('TICKETS_QUEUE_URL'));

const countOf = (rejection: string | undefined): Readonly<Record<string, number>> => {
  if (rejection === undefined) return { WebhooksAccepted: 1 };
  return rejection === 'failed' || rejection === 'too-long' ? { WebhooksLost: 1 } : { WebhooksRejected: 1 };
};

export const handler = defineHandler(
  ticketSteps.webhook,
  createWebhook({
    webhooks: config.webhooks,
    // Imported late, because a warm function has the keys in memory.
    readKeys: async (name) => {
      const { readOperatorSecret } = await import('#shared/aws/operator-secret.ts');
      const { secretsManager } = await import('#shared/aws/secrets-manager.ts');
      return readOperatorSecret({
        client: secretsManager(),
        name,
        kind: 'secret of the webhook keys',
        shape: KEYS_SHAPE,
      });
    },
    send: (message) => send(JSON.stringify(message)),
    measure: async (route, rejection) => {
      if (rejection !== undefined) logger.warn('webhook rejected', { route, rejection });
      await emitMetrics(config.relay, { route }, countOf(rejection));
    },
    onFailure: (route, { name, message }) => logger.error('webhook failed', { route, failure: { name, message } }),
    now: Date.now,
  }),
);
