import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { localClientConfig } from './resources.ts';
import type { AwsServer } from './server.ts';
import { arnOf, type Template } from './template/template.ts';

/** How many messages lie in a queue. */
interface Depth {
  readonly visible: number;
  /** Received by somebody, and neither deleted nor given up yet. */
  readonly inFlight: number;
  readonly delayed: number;
}

/** A message that lies in a queue. */
interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  /** Its message attributes, those that are text. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly receiveCount: number;
}

/** The queues of the template, for whoever plays what is outside of it, or looks into it. */
export interface Queues {
  /** Sends messages to a queue, by its name, as the operator. */
  send(queueName: string, ...bodies: readonly string[]): Promise<void>;
  /** Sends them as whoever has this access key: to SQS another sender. */
  sendAs(sender: string, queueName: string, ...bodies: readonly string[]): Promise<void>;
  depth(queueName: string): Promise<Depth>;
  /** What lies in a queue, without receiving it. */
  messages(queueName: string): Promise<readonly QueuedMessage[]>;
}

/** The most that one call of SQS sends. */
const BATCH = 10;

export const createQueues = (template: Template, server: AwsServer): Queues => {
  const config = localClientConfig(server.endpoint);
  const sqs = new SQSClient(config);
  const urlOf = (name: string): string => {
    const queue = template.ofType('AWS::SQS::Queue').find(({ identity }) => identity.name === name);
    if (queue === undefined) throw new Error(`There is no queue ${name}.`);
    return queue.identity.ref;
  };
  const sendBy = async (client: SQSClient, queueName: string, bodies: readonly string[]): Promise<void> => {
    const QueueUrl = urlOf(queueName);
    for (let from = 0; from < bodies.length; from += BATCH) {
      const entries = bodies
        .slice(from, from + BATCH)
        .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }));
      if (Failed.length > 0) throw new Error(`${queueName} took not every message: ${Failed[0]?.Message}`);
    }
  };
  return {
    send: (queueName, ...bodies) => sendBy(sqs, queueName, bodies),
    async sendAs(sender, queueName, ...bodies) {
      const client = new SQSClient({ ...config, credentials: { accessKeyId: sender, secretAccessKey: 'local' } });
      await sendBy(client, queueName, bodies).finally(() => client.destroy());
    },
    async depth(queueName) {
      const wanted = new GetQueueAttributesCommand({
        QueueUrl: urlOf(queueName),
        AttributeNames: Object.values(COUNTS),
      });
      const { Attributes = {} } = await sqs.send(wanted);
      const count = (name: keyof typeof COUNTS) => Number(Attributes[COUNTS[name]]);
      return { visible: count('visible'), inFlight: count('inFlight'), delayed: count('delayed') };
    },
    async messages(queueName) {
      urlOf(queueName);
      const { messages } = contentSchema.parse(JSON.parse(await server.queueContent(queueName)));
      return [...messages.ready, ...messages.delayed, ...messages.inflight.map(({ message }) => message)];
    },
  };
};

const COUNTS = {
  visible: 'ApproximateNumberOfMessages',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const satisfies Record<keyof Depth, QueueAttributeName>;

/** As fauxqs shows it. */
const messageSchema = z
  .object({
    messageId: z.string(),
    body: z.string(),
    messageAttributes: z.record(z.string(), z.object({ StringValue: z.string().optional() })),
    approximateReceiveCount: z.number(),
  })
  .transform(
    ({ messageId, body, messageAttributes, approximateReceiveCount }): QueuedMessage => ({
      id: messageId,
      body,
      attributes: Object.fromEntries(
        Object.entries(messageAttributes).flatMap(([name, { StringValue: text }]) =>
          text === undefined ? [] : [[name, text]],
        ),
      ),
      receiveCount: approximateReceiveCount,
    }),
  );
const contentSchema = z.object({
  messages: z.object({
    ready: z.array(messageSchema),
    delayed: z.array(messageSchema),
    inflight: z.array(z.object({ message: messageSchema })),
  }),
});

const ignored = z.unknown().optional();
const seconds = z.int().min(0).optional();

/** Whose dead letters a queue takes: those of any when it does not say. */
const redriveAllowSchema = z.discriminatedUnion('redrivePermission', [
  z.strictObject({ redrivePermission: z.enum(['allowAll', 'denyAll']) }),
  z.strictObject({ redrivePermission: z.literal('byQueue'), sourceQueueArns: z.array(z.string()).min(1).max(10) }),
]);
type RedriveAllow = z.infer<typeof redriveAllowSchema>;

const takes = (allow: RedriveAllow | undefined, sourceArn: string): boolean => {
  if (allow === undefined || allow.redrivePermission === 'allowAll') return true;
  return allow.redrivePermission === 'byQueue' && allow.sourceQueueArns.includes(sourceArn);
};

const queueSchema = z.strictObject({
  QueueName: z.string().optional(),
  DelaySeconds: seconds,
  MaximumMessageSize: z.int().optional(),
  MessageRetentionPeriod: seconds,
  ReceiveMessageWaitTimeSeconds: seconds,
  RedrivePolicy: z
    .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.int().min(1).max(1000) })
    .optional(),
  VisibilityTimeout: seconds,
  KmsDataKeyReusePeriodSeconds: ignored,
  KmsMasterKeyId: ignored,
  RedriveAllowPolicy: redriveAllowSchema.optional(),
  SqsManagedSseEnabled: ignored,
  Tags: ignored,
});

/** What of it the queue itself heeds. */
const HEEDED = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const satisfies readonly QueueAttributeName[];

/**
 * @throws for a property that local mode does not know, as all that make a queue a FIFO, and for dead letters that go to a queue
 * that does not take them.
 */
export const makeQueues = async (template: Template, endpoint: string): Promise<void> => {
  const sqs = new SQSClient(localClientConfig(endpoint));
  const queues = template.ofType('AWS::SQS::Queue');
  const byArn = new Map(queues.map((queue) => [arnOf(queue), queueSchema.parse(queue.properties)]));
  for (const queue of queues) {
    const { identity } = queue;
    const parsed = queueSchema.parse(queue.properties);
    const target = parsed.RedrivePolicy?.deadLetterTargetArn;
    const deadLetters = target === undefined ? undefined : byArn.get(target);
    if (target !== undefined && deadLetters === undefined) {
      throw new Error(`The dead letters of ${identity.name} go to a queue that is not in the template.`);
    }
    if (!takes(deadLetters?.RedriveAllowPolicy, arnOf(queue))) {
      throw new Error(`The dead letters of ${identity.name} go to a queue that does not take them.`);
    }
    const Attributes = Object.fromEntries(HEEDED.flatMap((name) => attribute(name, parsed[name])));
    await sqs.send(new CreateQueueCommand({ QueueName: identity.name, Attributes }));
  }
};

const attribute = (name: string, value: unknown): [name: string, text: string][] => {
  if (value === undefined) return [];
  return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
};
