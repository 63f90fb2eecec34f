import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { createClock } from '#local/aws/clock.ts';
import { roleIdOf, senderIdOf } from '#local/aws/principals.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { type Changes, INTAKE_ARN, READING, start } from './queue-stack.ts';

describe('a queue that a function reads', () => {
  it('passes its messages to the function like Lambda, and deletes them', async () => {
    const { handle, records, aws, deadLetters } = await start();
    await handle('{"type":"checkout.requested"}');
    expect(records()).toEqual([
      {
        messageId: expect.any(String),
        receiptHandle: expect.any(String),
        body: '{"type":"checkout.requested"}',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: senderIdOf('operator'),
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        },
        messageAttributes: {},
        md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventSource: 'aws:sqs',
        eventSourceARN: INTAKE_ARN,
        awsRegion: 'us-east-1',
      },
    ]);
    expect(await aws.queues.depth('intake')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(await deadLetters()).toEqual([]);
  });

  it('names the sender of a message: a role, and the name of its session', async () => {
    const { aws, records } = await start();
    await aws.queues.sendAs('ticket-system', 'intake', 'one', 'two');
    await aws.queues.sendAs('other-system', 'intake', 'three');
    await aws.eventSources.drained('intake');
    const senders = records().map(({ body, attributes }) => [body, attributes.SenderId]);
    expect(senders.toSorted()).toEqual([
      ['one', `${roleIdOf('ticket-system')}:ticket-system`],
      ['three', `${roleIdOf('other-system')}:other-system`],
      ['two', `${roleIdOf('ticket-system')}:ticket-system`],
    ]);
    expect(roleIdOf('ticket-system')).toMatch(/^AROA[A-Z0-9]{17}$/);
  });

  it('passes on the attributes of a message', async () => {
    const { aws, records } = await start();
    const QueueUrl = `${aws.endpoint}/000000000000/intake`;
    const MessageAttributes = {
      source: { DataType: 'String', StringValue: 'tickets' },
      blob: { DataType: 'Binary', BinaryValue: Buffer.from('ab') },
    };
    const send = new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes });
    await new SQSClient(localClientConfig(aws.endpoint)).send(send);
    await aws.eventSources.drained('intake');
    const lists = { stringListValues: [], binaryListValues: [] };
    expect(records()[0]?.messageAttributes).toEqual({
      source: { stringValue: 'tickets', dataType: 'String', ...lists },
      blob: { binaryValue: 'YWI=', dataType: 'Binary', ...lists },
    });
  });

  it('shows the time by the clock at which a message was sent', async () => {
    const clock = createClock();
    clock.advance(30 * 86_400_000);
    const { handle, records } = await start({}, { clock });
    await handle('x');
    expect(Math.abs(Number(records()[0]?.attributes.SentTimestamp) - clock.now())).toBeLessThan(10_000);
  });

  it('calls the function with at most as many messages as the batch size', async () => {
    const { handle, batches } = await start({ mapping: { BatchSize: 3 } });
    const bodies = Array.from({ length: 10 }, (_, n) => String(n));
    await handle(...bodies);
    const handled = batches().flatMap((records) => records.map(({ body }) => body));
    expect(handled.sort()).toEqual(bodies);
    expect(Math.max(...batches().map(({ length }) => length))).toBe(3);
  });

  it('calls the function concurrently up to its limit', async () => {
    const { handle, said } = await start({ mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } } });
    await handle(...Array.from({ length: 8 }, () => 'slow'));
    let [running, most] = [0, 0];
    for (const { kind } of said()) {
      running += kind === 'begin' ? 1 : -1;
      most = Math.max(most, running);
    }
    expect(most).toBe(2);
  });

  it('redelivers a failed message, and no other message of its batch', async () => {
    const { handle, records, deadLetters } = await start();
    await handle('fine', 'later');
    const counts = records().map(({ body, attributes }) => `${body} ${attributes.ApproximateReceiveCount}`);
    expect(counts.sort()).toEqual(['fine 1', 'later 1', 'later 2']);
    expect(await deadLetters()).toEqual([]);
  });

  it('redelivers after the visibility timeout of the queue, if waits are not scaled', async () => {
    const { handle, records } = await start({ queue: { VisibilityTimeout: 1 }, fn: { Timeout: 1 } }, { waitScale: 1 });
    const before = Date.now();
    await handle('later');
    expect(records()).toHaveLength(2);
    expect(Date.now() - before).toBeGreaterThan(900);
  });

  it('moves only a message that fails every time to the dead letters', async () => {
    const { handle, deadLetters, aws } = await start();
    await handle('fine', 'poison', 'later', 'poison');
    expect(await deadLetters()).toEqual(['poison', 'poison']);
    expect(await aws.queues.depth('dead-letters')).toMatchObject({ visible: 2 });
  });

  it.each(['throw', 'nonsense'])('redelivers a whole batch when the function answers with %j', async (body) => {
    const { handle, deadLetters } = await start();
    await handle(body, body);
    expect(await deadLetters()).toEqual([body, body]);
  });

  it('treats a missing answer as success', async () => {
    const { handle, deadLetters } = await start();
    await handle('nothing', 'poison');
    expect(await deadLetters()).toEqual([]);
  });

  it('ignores the answer if the mapping does not report failures', async () => {
    const { handle, deadLetters } = await start({ mapping: { FunctionResponseTypes: undefined } });
    await handle('poison', 'poison');
    expect(await deadLetters()).toEqual([]);
    await handle('throw');
    expect(await deadLetters()).toEqual(['throw']);
  });

  it('redelivers a message whose function was killed', async () => {
    const { aws, records, deadLetters } = await start();
    await aws.queues.send('intake', 'hang');
    while (records().length === 0) await aws.queues.depth('intake');
    await aws.functions.kill('reader');
    await aws.eventSources.drained('intake');
    expect(records().map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1', '2']);
    expect(await deadLetters()).toEqual([]);
  });
});

describe('polling a queue', () => {
  it('uses the role of the function, and needs exactly the permissions that AWS documents', async () => {
    const { handle, aws } = await start();
    await handle('fine', 'poison');
    expect(aws.permissions.denials).toEqual([]);
    expect(aws.permissions.unusedGrants()).toEqual([]);
  });

  it.each(READING)('is refused without %s', async (missing) => {
    const attempt = async () => {
      const { handle, close } = await start({ actions: READING.filter((action) => action !== missing) });
      await expect(handle('fine')).rejects.toThrow(missing);
      await close();
    };
    await expect(attempt()).rejects.toThrow(missing);
  });

  it('is not attributed to the code of the function', async () => {
    const fromItsCode = { ArnLike: { 'lambda:SourceFunctionArn': '*' } };
    const { handle, deadLetters } = await start({ conditions: fromItsCode });
    await handle('fine');
    expect(await deadLetters()).toEqual([]);
  });

  it('ends when the stack is stopped, with or without remaining messages', async () => {
    const { aws, close } = await start();
    await aws.queues.send('intake', ...Array.from({ length: 40 }, () => 'slow'));
    await close();
    await (await start()).close();
  });

  it('can be awaited only for a queue that is polled', async () => {
    const { aws } = await start();
    await expect(aws.eventSources.drained('dead-letters')).rejects.toThrow(
      'No event source mapping reads dead-letters.',
    );
  });
});

describe('a mapping', () => {
  it.each<[string, Changes, RegExp]>([
    ['filters', { mapping: { FilterCriteria: {} } }, /FilterCriteria/],
    ['gathers more than SQS gives at a time', { mapping: { BatchSize: 11 } }, /BatchSize/],
    ['is off', { mapping: { Enabled: false } }, /Enabled/],
    [
      'reads another queue',
      { mapping: { EventSourceArn: 'arn:aws:sqs:us-east-1:1:x' } },
      /not a queue of the template/,
    ],
    ['calls another function', { mapping: { FunctionName: 'other' } }, /not a function of the template/],
    ['reads a queue that gives messages back too early', { queue: { VisibilityTimeout: 9 } }, /visibility timeout/],
  ])('that %s is refused', async (_, changes, message) => {
    await expect(start(changes)).rejects.toThrow(message);
  });

  it.each<[string, Changes, RegExp]>([
    ['is a FIFO', { queue: { FifoQueue: true } }, /FifoQueue/],
    [
      'sends its dead letters elsewhere',
      { queue: { RedrivePolicy: { deadLetterTargetArn: 'x', maxReceiveCount: 1 } } },
      /dead-letter queue of intake is not in the template/,
    ],
    [
      'sends its dead letters to a queue that takes none',
      { taking: { redrivePermission: 'denyAll' } },
      /does not accept its messages/,
    ],
    [
      'sends its dead letters to a queue that takes those of another',
      { taking: { redrivePermission: 'byQueue', sourceQueueArns: ['arn:aws:sqs:us-east-1:000000000000:other'] } },
      /does not accept its messages/,
    ],
    [
      'sends its dead letters to a queue that names no source queues',
      { taking: { redrivePermission: 'byQueue' } },
      /sourceQueueArns/,
    ],
  ])('of a queue that %s is refused', async (_, changes, message) => {
    await expect(start(changes)).rejects.toThrow(message);
  });

  it.each<[string, object]>([
    ['any', { redrivePermission: 'allowAll' }],
    ['this one', { redrivePermission: 'byQueue', sourceQueueArns: [INTAKE_ARN] }],
  ])('of a queue works if its dead-letter queue accepts those of %s', async (_, taking) => {
    const { handle, deadLetters } = await start({ taking });
    await handle('fine');
    expect(await deadLetters()).toEqual([]);
  });
});
