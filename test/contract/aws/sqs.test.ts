import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, expect, it } from 'vitest';
import { localClientConfig } from '#local/aws/resources.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { describeSqs } from './sqs.ts';

const server = await startAwsServer();
afterAll(() => server.close());

describeSqs('the local side', async () => new SQSClient({ ...localClientConfig(server.endpoint), maxAttempts: 1 }), {
  knownDeviations: { 'a made-up receipt is refused': 'Takes any receipt for one that was used already.' },
});

// The underlying emulator accepts them.
it.each([
  ['a character that XML does not have', '"\uFFFF"', 'InvalidMessageContents'],
  ['more than a mebibyte', 'x'.repeat(2 ** 20 + 1), 'InvalidParameterValue'],
])('the local side refuses a message with %s', async (_what, MessageBody, name) => {
  const client = new SQSClient({ ...localClientConfig(server.endpoint), maxAttempts: 1 });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'contents' }));
  await expect(client.send(new SendMessageCommand({ QueueUrl, MessageBody }))).rejects.toMatchObject({ name });
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '"\\uFFFF é"' }));
});
