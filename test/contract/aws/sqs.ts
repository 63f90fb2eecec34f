import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Bench, describeRows, type Rows, type SuiteOptions } from './rows.ts';

type Attributes = Partial<Record<QueueAttributeName, string>>;

const refusal = (code: string) => expect.objectContaining({ name: code });

const makeQueue = async ({ client, name }: Bench<SQSClient>, Attributes: Attributes = {}) => {
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const attribute = async (wanted: QueueAttributeName) => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [wanted] });
    return (await client.send(command)).Attributes?.[wanted];
  };
  return {
    url: QueueUrl,
    attribute,
    send: (MessageBody: string) => client.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    receive: async (waitSeconds = 0) => {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        MessageAttributeNames: ['All'],
      });
      return (await client.send(command)).Messages ?? [];
    },
    /** Makes a message visible again, or extends its visibility timeout. */
    hide: (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
    delete: (ReceiptHandle: string | undefined) => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
  };
};

/** A queue with a maximum receive count, and its dead-letter queue. */
const withDeadLetters = async ({ client, name }: Bench<SQSClient>, maxReceiveCount: number) => {
  const dead = await makeQueue({ client, name: `${name}-dead` });
  const deadLetterTargetArn = await dead.attribute('QueueArn');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  return { dead, queue: await makeQueue({ client, name }, { RedrivePolicy }) };
};

const rows: Rows<SQSClient> = {
  'a message is received unchanged, under its id': async (bench) => {
    const queue = await makeQueue(bench);
    const body = '{"sync":"databases","said":"\\"é\\" <&>\\n"}';
    const { MessageId } = await queue.send(body);
    expect(await queue.receive()).toMatchObject([
      { MessageId, Body: body, Attributes: { ApproximateReceiveCount: '1' } },
    ]);
  },
  'an empty queue returns nothing': async (bench) => {
    const queue = await makeQueue(bench);
    expect(await queue.receive()).toEqual([]);
  },
  'a received message is hidden from others, and counted as in flight': async (bench) => {
    const queue = await makeQueue(bench);
    await queue.send('one');
    expect(await queue.receive()).toHaveLength(1);
    expect(await queue.receive()).toEqual([]);
    expect(await queue.attribute('ApproximateNumberOfMessagesNotVisible')).toBe('1');
  },
  'a message waits until it is received, and is counted': async (bench) => {
    const queue = await makeQueue(bench);
    await queue.send('one');
    await queue.send('two');
    expect(await queue.attribute('ApproximateNumberOfMessages')).toBe('2');
  },
  'a hidden message becomes visible after its timeout, with a higher receive count': async (bench) => {
    const queue = await makeQueue(bench, { VisibilityTimeout: '1' });
    await queue.send('one');
    await queue.receive();
    expect(await queue.receive(5)).toMatchObject([{ Body: 'one', Attributes: { ApproximateReceiveCount: '2' } }]);
  },
  'a message made visible again is received immediately, under another receipt': async (bench) => {
    const queue = await makeQueue(bench);
    await queue.send('one');
    const [first] = await queue.receive();
    await queue.hide(first?.ReceiptHandle, 0);
    const [second] = await queue.receive();
    expect(second).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  },
  'the visibility timeout of a message can be extended': async (bench) => {
    const queue = await makeQueue(bench, { VisibilityTimeout: '1' });
    await queue.send('one');
    const [message] = await queue.receive();
    await queue.hide(message?.ReceiptHandle, 600);
    expect(await queue.receive(2)).toEqual([]);
  },
  'a deleted message is gone, and a second deletion succeeds': async (bench) => {
    const queue = await makeQueue(bench, { VisibilityTimeout: '0' });
    await queue.send('one');
    const [message] = await queue.receive();
    await queue.delete(message?.ReceiptHandle);
    await queue.delete(message?.ReceiptHandle);
    expect(await queue.receive()).toEqual([]);
  },
  'a made-up receipt is refused': async (bench) => {
    const queue = await makeQueue(bench);
    await expect(queue.delete('made-up')).rejects.toEqual(refusal('ReceiptHandleIsInvalid'));
  },
  'a message received too often goes to the dead-letter queue, and keeps its id': async (bench) => {
    const { queue, dead } = await withDeadLetters(bench, 2);
    const { MessageId } = await queue.send('poison');
    for (const _ of [1, 2]) {
      const [message] = await queue.receive();
      expect(message).toMatchObject({ MessageId });
      await queue.hide(message?.ReceiptHandle, 0);
    }
    expect(await queue.receive()).toEqual([]);
    expect(await dead.receive()).toMatchObject([{ MessageId, Body: 'poison' }]);
  },
  'a message deleted in time never reaches the dead-letter queue': async (bench) => {
    const { queue, dead } = await withDeadLetters(bench, 1);
    await queue.send('good');
    const [message] = await queue.receive();
    await queue.delete(message?.ReceiptHandle);
    expect(await queue.receive()).toEqual([]);
    expect(await dead.receive()).toEqual([]);
  },
  'batches of messages are sent, received, hidden and deleted like single messages': async (bench) => {
    const { queue, dead } = await withDeadLetters(bench, 1);
    const QueueUrl = queue.url;
    await queue.send('good');
    await queue.send('poison');
    const received = await queue.receive();
    const entry = (body: string) => {
      const { ReceiptHandle } = received.find(({ Body }) => Body === body) ?? {};
      return { Id: '0', ReceiptHandle };
    };
    const hide = [{ ...entry('poison'), VisibilityTimeout: 0 }];
    await bench.client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [entry('good')] }));
    await bench.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: hide }));
    expect(await queue.receive()).toEqual([]);
    expect((await dead.receive()).map(({ Body }) => Body)).toEqual(['poison']);
    for (const counted of ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const)
      expect(await queue.attribute(counted)).toBe('0');
  },
  'a message keeps its attributes, even in the dead-letter queue': async (bench) => {
    const { queue, dead } = await withDeadLetters(bench, 1);
    const MessageAttributes = { reason: { DataType: 'String', StringValue: 'no such rule: é' } };
    const send = new SendMessageCommand({ QueueUrl: queue.url, MessageBody: 'x', MessageAttributes });
    await bench.client.send(send);
    const [message] = await queue.receive();
    expect(message).toMatchObject({ MessageAttributes });
    await queue.hide(message?.ReceiptHandle, 0);
    expect(await queue.receive()).toEqual([]);
    expect(await dead.receive()).toMatchObject([{ MessageAttributes }]);
  },
  'a long poll receives a message as soon as it is sent': async (bench) => {
    const queue = await makeQueue(bench);
    const waiting = queue.receive(20);
    await queue.send('one');
    expect(await waiting).toMatchObject([{ Body: 'one' }]);
  },
  'a batch reports the result of each message': async (bench) => {
    const queue = await makeQueue(bench);
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: `body of ${Id}` }));
    const answer = await bench.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
    expect((await queue.receive()).map(({ Body }) => Body).sort()).toEqual(['body of a', 'body of b']);
  },
  'a message over one mebibyte is refused': async (bench) => {
    const queue = await makeQueue(bench);
    await expect(queue.send('x'.repeat(1_048_577))).rejects.toThrow();
  },
  'creating a queue again finds it, unless its attributes differ': async (bench) => {
    const queue = await makeQueue(bench, { VisibilityTimeout: '60' });
    expect((await makeQueue(bench, { VisibilityTimeout: '60' })).url).toBe(queue.url);
    await expect(makeQueue(bench, { VisibilityTimeout: '61' })).rejects.toThrow();
  },
  'an unknown queue is refused by name': async ({ client, name }) => {
    await expect(client.send(new GetQueueUrlCommand({ QueueName: name }))).rejects.toEqual(
      refusal('QueueDoesNotExist'),
    );
  },
};

/** Checks a server against the AWS documentation of SQS, as far as queues of the relay need it. */
export const describeSqs = (server: string, connect: () => Promise<SQSClient>, options: SuiteOptions = {}): void =>
  describeRows(`${server} as SQS`, { ...options, rows, connect, prefix: 'contract-' });
