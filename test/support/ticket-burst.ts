import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWebhook } from '#functions/intake/webhook/webhook.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import type { WebhookAnswer } from '#shared/workflows/tickets.ts';
import { body, config, createScene, HOUR, NOW } from '#test/support/ticket-scene.ts';

const MINUTE = 60_000;
const KEY = Buffer.alloc(32, 3);
/** One of so many requests is not accepted by the queue. */
const SEND_FAILS_EVERY = 9;
/** One of so many calls of the consumer fails, too few for any message to fail five times. */
const STEP_FAILS_EVERY = 97;
const BATCH = 10;

/** A state of a ticket, and the access that it asks for. */
interface State {
  readonly number: string;
  readonly count: number;
  readonly wish: 'open' | 'close';
  /** Epoch milliseconds. */
  readonly until: number;
}

type Random = (below: number) => number;

const shuffled = <T>(list: readonly T[], random: Random): T[] =>
  list
    .map((one) => [random(2 ** 30), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one);

/** States of tickets, with up to six of one ticket. Some windows end while nothing is consumed. */
const statesOf = (requests: number, random: Random): State[] => {
  const states: State[] = [];
  for (let ticket = 0; states.length < requests; ticket++) {
    const first = NOW + (30 + random(180)) * MINUTE;
    for (let count = 1; count <= 1 + random(6); count++) {
      const wish = random(3) === 0 ? 'close' : 'open';
      states.push({ number: `CHG${ticket}`, count, wish, until: first + random(50) * MINUTE });
    }
  }
  return states.slice(0, requests);
};

/** A queue that delivers each message at least once, in any order. */
const createQueue = (random: Random) => {
  const waiting: { readonly body: string; receives: number }[] = [];
  let sends = 0;
  return {
    send: async (message: object): Promise<void> => {
      if (++sends % SEND_FAILS_EVERY === 0)
        throw new RelayError('StoreUnavailable', 'The queue did not accept a message.');
      waiting.push({ body: JSON.stringify(message), receives: 0 });
    },
    waiting,
    /** Handles all messages in batches, until none is left. */
    async consume(step: ReturnType<typeof createScene>['step'], now: () => number): Promise<void> {
      while (waiting.length > 0) {
        const batch = Array.from({ length: Math.min(BATCH, waiting.length) }, () =>
          waiting.splice(random(waiting.length), 1),
        ).flat();
        for (const message of batch) message.receives++;
        const { batchItemFailures } = await step({
          Records: batch.map((message, index) => ({
            messageId: String(index),
            body: message.body,
            attributes: { ApproximateReceiveCount: message.receives, SenderId: '', SentTimestamp: now() },
          })),
        });
        for (const { itemIdentifier } of batchItemFailures) {
          const again = batch[Number(itemIdentifier)];
          if (again !== undefined) waiting.push(again);
        }
      }
    },
  };
};

/** Access that the latest state of each ticket asks for, by the number of the ticket. */
const wantedAt = (states: readonly State[], now: number): ReadonlyMap<string, number> => {
  const latest = new Map<string, State>();
  for (const state of states) {
    if (state.count > (latest.get(state.number)?.count ?? 0)) latest.set(state.number, state);
  }
  return new Map(
    [...latest.values()]
      .filter(({ wish, until }) => wish === 'open' && until > now)
      .map((one) => [one.number, one.until]),
  );
};

const play = async (requests: number, random: Random) => {
  const scene = createScene();
  const queue = createQueue(random);
  const webhook = createWebhook({
    webhooks: config.webhooks,
    readKeys: async () => ({
      form: 'text',
      value: new Secret(JSON.stringify({ keys: [`whsec_${KEY.toString('base64')}`] })),
      versionId: '1',
    }),
    send: queue.send,
    measure: async () => {},
    onFailure: () => {},
    now: () => scene.now,
  });
  const post = (state: State): Promise<WebhookAnswer> => {
    const { number: key, count, wish, until } = state;
    const text = JSON.stringify(
      body(count, { key, state: wish === 'open' ? 'approved' : 'done', until: new Date(until).toISOString() }),
    );
    const id = `${key}-${count}`;
    const at = String(Math.floor(scene.now / 1000));
    const signature = createHmac('sha256', KEY).update(`${id}.${at}.${text}`).digest('base64');
    return webhook({
      routeKey: 'POST /snow',
      headers: { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` },
      body: text,
      isBase64Encoded: false,
    });
  };
  /** Repeats what is not answered with success, as senders do. */
  const deliver = async (state: State): Promise<number> => {
    for (let attempts = 1; ; attempts++) {
      const { statusCode } = await post(state);
      if (statusCode === 202) return attempts;
      expect(statusCode).toBe(503);
    }
  };

  const states = statesOf(requests, random);
  const arrivals = shuffled(
    states.flatMap((state) => Array.from({ length: 1 + random(3) }, () => state)),
    random,
  );
  const half = Math.floor(arrivals.length / 3);
  for (const state of arrivals.slice(0, half)) await deliver(state);
  await queue.consume(scene.step, () => scene.now);
  for (const state of arrivals.slice(half)) await deliver(state);
  // The consumer is down for an hour, and then meets a store that fails now and then.
  scene.now += HOUR;
  scene.failEvery(STEP_FAILS_EVERY);
  await queue.consume(scene.step, () => scene.now);
  return { scene, states, queue };
};

/** Declares the test of a burst of so many webhooks. */
export const burst = (requests: number): void => {
  it(`bring each ticket to its right state once: ${requests} webhooks, each up to three times, in any order`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        let state = seed;
        const random: Random = (below) => {
          // Mulberry32: a generator whose results the seed of the property alone determines.
          state = (state + 0x6d2b79f5) | 0;
          let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
          mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
          return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
        };
        const { scene, states, queue } = await play(requests, random);
        expect([scene.refused, queue.waiting]).toEqual([[], []]);
        const access = scene.access().map(({ id, until }) => [id.replace(/\.\d+$/, ''), until] as const);
        expect(access.toSorted()).toEqual([...wantedAt(states, scene.now)].toSorted());
      }),
      { numRuns: 1 },
    );
  });
};
