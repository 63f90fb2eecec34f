import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { type Document, parse } from 'yaml';
import { z } from 'zod';
import type { World } from '../world.ts';

/** The ticket system of a local run: the route and the rule of `examples/webhooks.yaml`. */

export const ROUTE = 'servicenow';
export const CHECKOUT = 'changes';
/** Prefix of the names of the secrets that tickets open. */
export const TICKET_PREFIX = `${CHECKOUT}/`;

const exampleSchema = z.object({
  checkouts: z.record(z.string(), z.looseObject({})),
  webhooks: z.record(z.string(), z.looseObject({ signature: z.looseObject({ keys: z.string() }) })),
});
const example = exampleSchema.parse(
  parse(readFileSync(resolve(import.meta.dirname, '../../examples/webhooks.yaml'), 'utf8')),
);

/** Adds the route and the rule of the example to a relay.yaml. A change then names its system and its account. */
export const addWebhook = (config: Document): void => {
  config.setIn(['checkouts', CHECKOUT], config.createNode(example.checkouts[CHECKOUT]));
  // The systems of the simulated vault have other names.
  config.deleteIn(['checkouts', CHECKOUT, 'select']);
  config.setIn(['checkouts', CHECKOUT, 'extensionMinutes'], 60);
  config.setIn(['webhooks', ROUTE], config.createNode(example.webhooks[ROUTE]));
  for (const setting of ['ticketSystem', 'comments', 'looksEveryMinutes'])
    config.deleteIn(['webhooks', ROUTE, setting]);
  config.setIn(['webhooks', ROUTE, 'ticket', 'items', 'labels', 'accountName'], '/account');
};

/** Key of the route, a random one for each process. */
export const WEBHOOK_KEY = `whsec_${randomBytes(32).toString('base64')}`;

/** The secret with the key of the route, which an operator creates. */
export const WEBHOOK_SECRET = {
  name: example.webhooks[ROUTE]?.signature.keys ?? '',
  value: JSON.stringify({ keys: [WEBHOOK_KEY] }),
} as const;

/** Address of the route. */
export const webhookUrl = ({ aws }: Pick<World, 'aws'>): string =>
  `${aws.httpApis.urlOf(`${aws.template.stackName}-webhooks`)}/${ROUTE}`;

const OTHER_KEY = `whsec_${randomBytes(32).toString('base64')}`;

/** Sends changes as ServiceNow does with the script of the examples. Resolves with the status of the answer. */
export const createServiceDesk = (world: Pick<World, 'aws' | 'clock'>) => {
  const url = webhookUrl(world);
  let sent = 0;
  return async (change: object, signature: 'right' | 'forged' = 'right'): Promise<number> => {
    const body = JSON.stringify(change);
    const id = `msg_${sent++}`;
    const now = new Date(world.clock.now());
    const { status } = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(signature === 'right' ? WEBHOOK_KEY : OTHER_KEY).sign(id, now, body),
      },
      body,
    });
    return status;
  };
};
