import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRefuse, createSend } from '#shared/aws/queue.ts';
import { RelayError } from '#shared/errors.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const THROTTLED = Object.assign(new Error('of AWS'), { name: 'ThrottlingException' });
const sqs = mockAws(SQSClient);

describe('a refused message', () => {
  const refuse = createRefuse('queue');
  const message = { messageId: 'm1', body: '{"type":' };

  it('goes to the dead-letter queue unchanged, with a reason that SQS accepts', async () => {
    sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
    await refuse(message, new RelayError('MessageInvalid', `["\uFFFE\u0001"]: is not a known key ${'x'.repeat(2000)}`));
    const sent = sqs.commandCalls(SendMessageCommand)[0]?.args[0].input;
    expect(sent).toMatchObject({ QueueUrl: 'queue', MessageBody: message.body });
    expect(sent?.MessageAttributes?.['messageId']?.StringValue).toBe('m1');
    const reason = sent?.MessageAttributes?.['reason']?.StringValue;
    expect(reason).toMatch(/^MessageInvalid: \["\?\\u\{1\}"\]: is not a known key x+$/);
    expect(reason).toHaveLength(1000);
  });

  it('counts as put aside only if SQS confirms it', async () => {
    sqs.on(SendMessageCommand).resolvesOnce({}).rejects(THROTTLED);
    const error = new RelayError('MessageInvalid', 'x');
    await expect(refuse(message, error)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(refuse(message, error)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('a message', () => {
  it('has the same content in characters that SQS accepts, whatever texts it contains', async () => {
    sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
    const send = createSend('queue');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        sqs.resetHistory();
        await send(JSON.stringify({ text: `\uFFFF\uFFFE${text}` }));
        const body = sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.MessageBody ?? '';
        // Source: SQS API reference, SendMessage.
        expect(body).toMatch(/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u);
        expect(JSON.parse(body)).toEqual({ text: `\uFFFF\uFFFE${text}` });
      }),
    );
  });
});
