import * as z from 'zod';
import type { FunctionDefinition } from '../functions/warm-copy.ts';
import type { Queues } from '../queues.ts';
import { arnOf, type Resource, type Template } from '../template/template.ts';
import { type Mapping, type Poller, type PollerOptions, startPoller } from './poller.ts';

/** The queues that functions are called with what lies in them. */
export interface EventSources {
  /**
   * Resolves when everything that lay in a queue has been handled, or has become a dead letter.
   * @throws when no function reads it, and when it cannot be read.
   */
  drained(queueName: string): Promise<void>;
  /** Receives no more. Resolves when what was received has been handled; @throws when a queue could not be read. */
  close(): Promise<void>;
}

export interface EventSourcesOptions extends PollerOptions {
  readonly template: Template;
  readonly definitions: readonly FunctionDefinition[];
  readonly queues: Queues;
}

/** Brings the mappings of the template to life. @throws for what in them local mode does not know. */
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
      if (poller === undefined) throw new Error(`No function reads ${queueName}.`);
      const stopped = poller.ended.then(() => {
        throw new Error(`${queueName} is not read any more.`);
      });
      stopped.catch(() => {});
      // What happens while one looks counts, too.
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
  // Lambda takes more; nobody receives more of a queue at a time.
  BatchSize: z.int().min(1).max(10).default(10),
  Enabled: z.literal(true).optional(),
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]).optional(),
  // A fuller batch is no other batch: here nobody waits for it.
  MaximumBatchingWindowInSeconds: z.int().optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1000).optional() }).optional(),
  Tags: z.unknown().optional(),
});

/** As many batches at a time as Lambda begins with. Source: developer guide, "Configuring scaling behavior". */
const INITIAL_CONCURRENCY = 5;

const toMapping = (resource: Resource, template: Template, definitions: readonly FunctionDefinition[]): Mapping => {
  const parsed = mappingSchema.parse(resource.properties);
  const { EventSourceArn: arn, FunctionName: nameOrArn } = parsed;
  const queue = template.ofType('AWS::SQS::Queue').find((one) => arnOf(one) === arn);
  if (queue === undefined) throw new Error(`${resource.logicalId} reads ${arn}, which is no queue of the template.`);
  const fn = definitions.find((one) => one.name === nameOrArn || one.arn === nameOrArn);
  if (fn === undefined) {
    throw new Error(`${resource.logicalId} calls ${nameOrArn}, which is no function of the template.`);
  }
  return {
    queue: { name: queue.identity.name, arn, url: queue.identity.ref },
    function: fn,
    batchSize: parsed.BatchSize,
    maximumConcurrency: parsed.ScalingConfig?.MaximumConcurrency ?? INITIAL_CONCURRENCY,
    reportsFailures: parsed.FunctionResponseTypes !== undefined,
  };
};
