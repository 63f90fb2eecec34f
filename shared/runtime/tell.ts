import { createSend } from '#shared/aws/queue.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createTell, type Tell } from '#shared/messages/tell.ts';
import type { Environment } from '#shared/runtime/environment.ts';
import { logger } from '#shared/runtime/log.ts';

/** Creates the orders for comments of a function, by its grants. */
export const tellWith = ({ webhooks }: Pick<RelayConfig, 'webhooks'>, env: Environment): Tell => {
  const url = env.find('COMMENTS_QUEUE_URL');
  return createTell({
    webhooks,
    send: url === undefined ? undefined : createSend(url),
    onFailure: ({ name, message }) => logger.warn('comment not ordered', { failure: { name, message } }),
  });
};
