import * as z from 'zod';
import type { FunctionDefinition } from '../functions/warm-copy.ts';
import type { Queues } from '../queues.ts';
import { arnOf, type Resource, type Template } from '../template/template.ts';
import { type Mapping, type Poller, type PollerOptions, startPoller } from './poller.ts';

/** The queues whose messages invoke functions. */
export interface EventSources {
  /**
   * Resolves when all messages of a queue were processed or moved to the dead-letter queue.
   * @throws if no function reads the queue, and if it cannot be read.
   */
  drained(queueName: string): Promise<void>;
  /** Stops receiving. Resolves when the received messages were processed. @throws if a queue could not be read. */
  close(): Promise<void>;
}

export interface EventSourcesOptions extends PollerOptions {
  readonly template: Template;
  readonly definitions: readonly FunctionDefinition[];
  readonly queues: Queues;
}

/** Starts the mappings of the template. @throws for properties that local mode does not support. */
export const startEventSources = async (options: EventSourcesOptions): Promise<EventSources> => {
  const { template, definitions, queues } = options;
  const mappings = template
    .ofType('AWS::Lambda::EventSourceMapping')
    .map((resource) => toMapping(resource, template, definitions));
  const pollers = new Map<string, Poller>();
  for (const mapping of mappings) pollers.set(mapping.queue.name, await startPoller(mapping, options));

  const isEmpty = async (queueName: string): Promise<boolean> => {
    const { visible, inFlight, delayed } = await queues.depth(queueName);
    return visible + inFlight + delayed === 0;
  };
  return {
    async drained(queueName) {
      const poller = pollers.get(queueName);
      if (poller === undefined) throw new Error(`No event source mapping reads ${queueName}.`);
      const stopped = poller.ended.then(() => {
        throw new Error(`${queueName} is no longer read.`);
      });
      stopped.catch(() => {});
      // The promise is created before the check, so that progress during the check counts.
      for (let progress = poller.progress(); !(await isEmpty(queueName)); progress = poller.progress()) {
        await Promise.race([progress, stopped]);
      }
    },
    async close() {
      for (const poller of pollers.values()) poller.stop();
      await Promise.all([...pollers.values()].map(({ ended }) => ended));
    },
  };
};

const mappingSchema = z.strictObject({
  // Lambda allows larger batches, but SQS delivers at most 10 messages at a time.
  BatchSize: z.int().min(1).max(10).default(10),
  Enabled: z.literal(true).optional(),
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]).optional(),
  // Local mode does not wait for fuller batches.
  MaximumBatchingWindowInSeconds: z.int().optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1000).optional() }).optional(),
  Tags: z.unknown().optional(),
});

/** Concurrent batches with which Lambda begins. Source: developer guide, "Configuring scaling behavior". */
const INITIAL_CONCURRENCY = 5;

const toMapping = (resource: Resource, template: Template, definitions: readonly FunctionDefinition[]): Mapping => {
  const parsed = mappingSchema.parse(resource.properties);
  const { EventSourceArn: arn, FunctionName: nameOrArn } = parsed;
  const queue = template.ofType('AWS::SQS::Queue').find((one) => arnOf(one) === arn);
  if (queue === undefined) throw new Error(`${resource.logicalId} reads ${arn}, which is not a queue of the template.`);
  const fn = definitions.find((one) => one.name === nameOrArn || one.arn === nameOrArn);
  if (fn === undefined) {
    throw new Error(`${resource.logicalId} calls ${nameOrArn}, which is not a function of the template.`);
  }
  return {
    queue: { name: queue.identity.name, arn, url: queue.identity.ref },
    function: fn,
    batchSize: parsed.BatchSize,
    maximumConcurrency: parsed.ScalingConfig?.MaximumConcurrency ?? INITIAL_CONCURRENCY,
    reportsFailures: parsed.FunctionResponseTypes !== undefined,
  };
};
