import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterEach } from 'vitest';
import { type LocalAws, startAws } from '#local/aws/aws.ts';
import { createClock } from '#local/aws/clock.ts';

/** A queue with dead letters, and a function that reads it. */

export const INTAKE_ARN = 'arn:aws:sqs:us-east-1:000000000000:intake';

/** Prints its events, and handles each message as its body says. */
const HANDLER = `
  const say = (what) => console.log(JSON.stringify(what));
  export const handler = async (event) => {
    const bodies = event.Records.map(({ body }) => body);
    say({ kind: 'begin', event });
    if (bodies.includes('slow')) await new Promise((go) => setTimeout(go, 50));
    if (bodies.includes('hang') && event.Records[0].attributes.ApproximateReceiveCount === '1')
      await new Promise(() => {});
    say({ kind: 'end' });
    if (bodies.includes('throw')) throw new Error('no');
    if (bodies.includes('nonsense')) return { batchItemFailures: [{ itemIdentifier: '' }] };
    if (bodies.includes('nothing')) return undefined;
    const failed = event.Records.filter(({ body, attributes }) =>
      body === 'poison' || (body === 'later' && attributes.ApproximateReceiveCount === '1'));
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };`;

export interface Changes {
  readonly mapping?: object;
  readonly queue?: object;
  /** Queues whose dead letters are accepted; any queue if omitted. */
  readonly taking?: object;
  readonly fn?: object;
  readonly actions?: readonly string[];
  readonly conditions?: object;
}

type Said = { readonly kind: 'begin'; readonly event: SQSEvent } | { readonly kind: 'end' };

/** Actions that AWS requires of the function's role. */
export const READING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

const template = ({ mapping = {}, queue = {}, taking, fn = {}, actions = READING, conditions = {} }: Changes) => ({
  Resources: {
    DeadLetters: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'dead-letters',
        MessageRetentionPeriod: 1_209_600,
        ...(taking && { RedriveAllowPolicy: taking }),
      },
    },
    Intake: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'intake',
        VisibilityTimeout: 60,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] }, maxReceiveCount: 2 },
        KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
        ...queue,
      },
    },
    Key: { Type: 'AWS::KMS::Key' },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Policies: [
          {
            PolicyName: 'reads',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                { Effect: 'Allow', Action: actions, Resource: INTAKE_ARN },
                {
                  Effect: 'Allow',
                  Action: 'kms:Decrypt',
                  Resource: { 'Fn::GetAtt': ['Key', 'Arn'] },
                  Condition: { StringEquals: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' } },
                },
                { Effect: 'Deny', Action: 'sqs:*', Resource: '*', Condition: conditions },
              ].slice(0, Object.keys(conditions).length === 0 ? 2 : 3),
            },
          },
        ],
      },
    },
    Reader: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'reader',
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Code: { S3Bucket: 'assets', S3Key: 'reader.zip' },
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Timeout: 10,
        ...fn,
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Intake', 'Arn'] },
        FunctionName: { Ref: 'Reader' },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...mapping,
      },
    },
  },
});

let latest: LocalAws | undefined;
afterEach(async () => {
  await latest?.close();
  latest = undefined;
});

/** Brought down after the test. */
export const start = async (changes: Changes = {}, { clock = createClock(), waitScale = 0 } = {}) => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'event-sources-'));
  const bundle = join(runDirectory, 'reader');
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'index.mjs'), HANDLER);
  const assets = new Map([['reader.zip', bundle]]);
  const aws = await startAws({ stackName: 's', template: template(changes), assets, clock, runDirectory, waitScale });
  latest = aws;
  const { queues, eventSources } = aws;
  const log = join(runDirectory, 'logs', 'reader.log');
  const said = (): Said[] =>
    (existsSync(log) ? readFileSync(log, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const batches = (): SQSRecord[][] => said().flatMap((what) => (what.kind === 'begin' ? [what.event.Records] : []));
  return {
    aws,
    /** Brings everything down before the end of the test. */
    close: async () => {
      latest = undefined;
      await aws.close();
    },
    said,
    batches,
    records: () => batches().flat(),
    /** Sends messages, and waits until they are handled, retries included. */
    handle: async (...bodies: readonly string[]) => {
      await queues.send('intake', ...bodies);
      await eventSources.drained('intake');
    },
    deadLetters: async () => (await queues.messages('dead-letters')).map(({ body }) => body).sort(),
  };
};
