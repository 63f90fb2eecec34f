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

/** Number of messages in a queue. */
interface Depth {
  readonly visible: number;
  /** Received, but neither deleted nor visible again. */
  readonly inFlight: number;
  readonly delayed: number;
}

/** A message in a queue. */
interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  /** Message attributes with a text value. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly receiveCount: number;
}

/** Access to the queues of the template from outside the stack. */
export interface Queues {
  /** Sends messages to a queue as the operator. */
  send(queueName: string, ...bodies: readonly string[]): Promise<void>;
  /** Sends messages with this access key, as another sender. */
  sendAs(sender: string, queueName: string, ...bodies: readonly string[]): Promise<void>;
  depth(queueName: string): Promise<Depth>;
  /** Returns the messages in a queue without receiving them. */
  messages(queueName: string): Promise<readonly QueuedMessage[]>;
}

/** Maximum number of messages in one call of SQS. */
const BATCH = 10;

export const createQueues = (template: Template, server: AwsServer): Queues => {
  const config = localClientConfig(server.endpoint);
  const sqs = new SQSClient(config);
  const urlOf = (name: string): string => {
    const queue = template.ofType('AWS::SQS::Queue').find(({ identity }) => identity.name === name);
    if (queue === undefined) throw new Error(`The template has no queue ${name}.`);
    return queue.identity.ref;
  };
  const sendBy = async (client: SQSClient, queueName: string, bodies: readonly string[]): Promise<void> => {
    const QueueUrl = urlOf(queueName);
    for (let from = 0; from < bodies.length; from += BATCH) {
      const entries = bodies
        .slice(from, from + BATCH)
        .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }));
      if (Failed.length > 0) throw new Error(`${queueName} rejected a message: ${Failed[0]?.Message}`);
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

/** A message in the format of fauxqs. */
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

/** The sources whose dead letters a queue accepts. Default: all queues. */
const redriveAllowSchema = z.discriminatedUnion('redrivePermission', [
  z.strictObject({ redrivePermission: z.enum(['allowAll', 'denyAll']) }),
  z.strictObject({ redrivePermission: z.literal('byQueue'), sourceQueueArns: z.array(z.string()).min(1).max(10) }),
]);
type RedriveAllow = z.infer<typeof redriveAllowSchema>;

const accepts = (allow: RedriveAllow | undefined, sourceArn: string): boolean => {
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

/** Properties that the queue of the emulator supports. */
const SUPPORTED_ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const satisfies readonly QueueAttributeName[];

/**
 * @throws for a property that local mode does not support, such as those of FIFO queues, and for a dead-letter queue
 * that does not accept the messages.
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
      throw new Error(`The dead-letter queue of ${identity.name} is not in the template.`);
    }
    if (!accepts(deadLetters?.RedriveAllowPolicy, arnOf(queue))) {
      throw new Error(`The dead-letter queue of ${identity.name} does not accept its messages.`);
    }
    const Attributes = Object.fromEntries(SUPPORTED_ATTRIBUTES.flatMap((name) => attribute(name, parsed[name])));
    await sqs.send(new CreateQueueCommand({ QueueName: identity.name, Attributes }));
  }
};

const attribute = (name: string, value: unknown): [name: string, text: string][] => {
  if (value === undefined) return [];
  return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
};
