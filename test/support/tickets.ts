import { webhook } from '#shared/config/schema/webhooks.ts';

/** Places of everything in the bodies of tests. */
export const TICKET = {
  number: '/key',
  position: { counter: '/count' },
  state: '/state',
  states: { approved: 'open', later: 'extend', sooner: 'shorten', done: 'close' },
  from: '/from',
  until: '/until',
  reason: '/reason',
  items: { labels: { systemName: '/system', accountName: { text: 'sa' } } },
} as const;

/** A route with these settings, which signs by Standard Webhooks unless they say otherwise. */
export const aWebhook = (settings: Readonly<Record<string, unknown>> = {}) =>
  webhook.parse({
    checkout: 'changes',
    signature: { type: 'standard-webhooks', keys: 'webhooks/snow' },
    ticket: TICKET,
    ...settings,
  });

/** A ticket whose states have a time, for signatures that cover none. */
export const TIMED_TICKET = { ...TICKET, position: { time: '/at' } } as const;
