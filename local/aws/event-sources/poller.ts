import pMap from 'p-map';
import type { Clock } from '../clock.ts';
import type { Functions } from '../functions/functions.ts';
import { failedOf, type Received, toEvent } from './batch.ts';
import { openQueue } from './queue.ts';

/** A queue, the function that Lambda calls with what lies in it, and how. */
export interface Mapping {
  readonly queue: { readonly name: string; readonly arn: string; readonly url: string };
  readonly function: { readonly name: string; readonly arn: string; readonly timeoutMs: number };
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

export interface PollerOptions {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly functions: Pick<Functions, 'invoke'>;
  /** What the time for which a failed message stays hidden is multiplied with; 1 leaves it alone. */
  readonly waitScale: number;
}

/** Does for one mapping what Lambda does: receives, invokes, and deletes what was handled. */
export interface Poller {
  /** Resolves when it was told to stop and all that was under way is over. @throws what the queue refused. */
  readonly ended: Promise<void>;
  /** Resolves when the next batch is over, or when there is nothing to receive. */
  progress(): Promise<void>;
  stop(): void;
}

/** The longest that SQS lets anybody wait for a message. */
const LONGEST_POLL_SECONDS = 20;

/** @throws when the function's role may not read the queue, and when messages would come back while they are handled. */
export const startPoller = async (mapping: Mapping, options: PollerOptions): Promise<Poller> => {
  const { function: fn, batchSize, reportsFailures, maximumConcurrency: concurrency } = mapping;
  const { endpoint, clock, functions, waitScale } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const queue = openQueue({ url: mapping.queue.url, functionName: fn.name, endpoint, signal });
  const visibilitySeconds = await queue.visibilitySeconds();
  refuseEarlyReturn(visibilitySeconds, fn);

  let next = Promise.withResolvers<void>();
  const proceed = () => {
    next.resolve();
    next = Promise.withResolvers();
  };
  async function* batches(): AsyncGenerator<Received[]> {
    while (!signal.aborted) {
      let batch = await queue.receive(batchSize, 0);
      if (batch.length === 0) {
        proceed();
        batch = await queue.receive(batchSize, LONGEST_POLL_SECONDS);
      }
      if (batch.length > 0) yield batch;
    }
  }
  const handle = async (messages: readonly Received[]) => {
    const event = toEvent(messages, mapping.queue.arn, clock.now() - Date.now());
    const result = await functions.invoke(fn.arn, JSON.stringify(event));
    const failed = failedOf(messages, result, { reportsFailures });
    await queue.remove(messages.filter((message) => !failed.includes(message)));
    // By itself the queue would let them come back after that time of the machine, whatever the clock says.
    if (waitScale !== 1) await queue.hide(failed, Math.round(visibilitySeconds * waitScale));
    proceed();
  };

  const ended = pMap(batches(), handle, { concurrency }).then(() => {});
  // Whoever waits for the end is told; until then it is no crash.
  ended.catch(() => {});
  return { ended, progress: () => next.promise, stop: () => stopping.abort() };
};

/** As `CreateEventSourceMapping` refuses it. */
const refuseEarlyReturn = (visibilitySeconds: number, { name, timeoutMs }: Mapping['function']) => {
  const timeoutSeconds = timeoutMs / 1000;
  if (visibilitySeconds >= timeoutSeconds) return;
  throw new Error(
    `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds (${name})`,
  );
};
