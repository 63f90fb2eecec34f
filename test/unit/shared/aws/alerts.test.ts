import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { createNotify } from '#shared/aws/alerts.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const sns = mockAws(SNSClient);

describe('a notification', () => {
  it('is cut to the limits of SNS', async () => {
    sns.on(PublishCommand).resolves({ MessageId: '1' });
    await createNotify('topic')('s'.repeat(200), ['ä'.repeat(300_000)]);
    const { Subject, Message } = sns.commandCalls(PublishCommand)[0]?.args[0].input ?? {};
    expect(Subject).toHaveLength(100);
    expect(Buffer.byteLength(Message ?? '')).toBeLessThanOrEqual(262_144);
  });

  it('keeps text of others within its line, and escapes hidden characters', async () => {
    sns.on(PublishCommand).resolves({ MessageId: '1' });
    await createNotify('topic')('checkout a\nb', ['db-01/sa\n\nAll is well.\x1b[8m', 'x\u202ey']);
    expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toMatchObject({
      Subject: 'checkout a\\u{A}b',
      Message: 'db-01/sa\\u{A}\\u{A}All is well.\\u{1B}[8m\nx\\u{202E}y',
    });
  });

  it('is sent again after a failure', async () => {
    sns.on(PublishCommand).rejects(new Error('of AWS'));
    await expect(createNotify('topic')('s', ['t'])).rejects.toMatchObject({
      name: 'StoreUnavailable',
      retryable: true,
    });
  });
});
