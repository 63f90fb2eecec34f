import { describe, expect, it } from 'vitest';
import type { RelayConfig } from '#shared/config/schema.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';
import { actionsOf, asText, FULL, loadExample, resourcesOf, statementsOf, synthesise } from '../synthesis.ts';

const config = loadExample(FULL);
const { template } = synthesise(config);
const SENDER = 'arn:aws:iam::111122223333:role/ticket-system';

const queueNamed = (name: string) => {
  const [found] = Object.entries(template.findResources('AWS::SQS::Queue', { Properties: { QueueName: name } }));
  if (found === undefined) throw new Error(`The template has no queue ${name}.`);
  return { id: found[0], properties: found[1]['Properties'] };
};
const queue = queueNamed('pam-relay-prod-intake');
const refused = queueNamed('pam-relay-prod-intake-refused');

describe('the queue of messages', () => {
  it('and that of refused messages have the longest retention of SQS, encrypted with the key of the stack', () => {
    for (const { properties } of [queue, refused]) {
      expect(properties.MessageRetentionPeriod).toBe(14 * 86_400);
      expect(asText(properties.KmsMasterKeyId)).toMatch(/^<Key\w+\.Arn>$/);
    }
  });

  it('drops a message after five failures, with a visibility timeout longer than the function', () => {
    expect(queue.properties.RedrivePolicy).toMatchObject({ maxReceiveCount: MAX_RECEIVES });
    expect(asText(queue.properties.RedrivePolicy.deadLetterTargetArn)).toBe(`<${refused.id}.Arn>`);
    expect(queue.properties.VisibilityTimeout).toBe(6 * intakeSteps.queue.seconds);
  });

  it('invokes its function with up to ten messages, each of which can fail alone', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
  });

  it('accepts messages only over TLS, and only from this account and the senders in relay.yaml', () => {
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy')).filter(({ Properties }) =>
      JSON.stringify(Properties.Queues).includes(queue.id),
    );
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    expect(statements).toHaveLength(2);
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Allow', Action: 'sqs:SendMessage', Principal: { AWS: SENDER } }),
    );
  });

  it('lets senders use the key only through SQS, and only for this queue', () => {
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const statements: { Principal?: { AWS?: unknown }; Action: string[]; Condition?: object }[] =
      key?.['Properties'].KeyPolicy.Statement;
    const [allowed, ...others] = statements.filter(({ Principal }) => Principal?.AWS === SENDER);
    expect(others).toEqual([]);
    expect(allowed?.Action).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
    expect(allowed?.Condition).toEqual({
      StringEquals: { 'kms:ViaService': expect.anything(), 'kms:EncryptionContext:aws:sqs:arn': expect.anything() },
    });
    expect(JSON.stringify(allowed?.Condition)).toContain(`:${queue.properties.QueueName}"`);
  });

  it('has its URL in the outputs of the stack', () => {
    expect(template.findOutputs('IntakeQueueUrl')['IntakeQueueUrl']?.['Value']).toEqual({ Ref: queue.id });
  });
});

describe('the function that reads it', () => {
  const may = (action: string): string[] =>
    statementsOf(template, 'IntakeQueue')
      .filter((statement) => actionsOf(statement).includes(action))
      .flatMap(resourcesOf)
      .map((resource) => resource.replace(/^.*<AWS::AccountId>:/, ''));

  it('may start the workflows of messages, and describe existing checkouts', () => {
    expect(may('states:StartExecution').toSorted()).toEqual([
      'stateMachine:pam-relay-prod-checkout',
      'stateMachine:pam-relay-prod-directory',
      'stateMachine:pam-relay-prod-provision',
      'stateMachine:pam-relay-prod-release',
      'stateMachine:pam-relay-prod-rotate',
      'stateMachine:pam-relay-prod-sync',
    ]);
    expect(may('states:DescribeExecution')).toEqual(['execution:pam-relay-prod-checkout:*']);
  });

  it('may write signals of checkouts and names of runs, and read only owners of ids, and stops of rotations', () => {
    expect(
      may('s3:PutObject')
        .map((resource) => resource.slice(resource.indexOf('/')))
        .toSorted(),
    ).toEqual([
      '/checkouts/*',
      '/holds/*',
      '/ids/*',
      '/member-events/*',
      '/named/*',
      '/pending/*',
      '/stops/*',
      '/subjects/*',
    ]);
    expect(may('s3:GetObject').map((resource) => resource.slice(resource.indexOf('/')))).toEqual([
      '/holds/*',
      '/ids/*',
      '/member-events/*',
      '/stops/*',
      '/subjects/*',
    ]);
    expect(may('secretsmanager:GetSecretValue')).toEqual([]);
  });

  it('may receive from the queue, and send to that of refused messages', () => {
    expect(may('sqs:ReceiveMessage')).toEqual([`<${queue.id}.Arn>`]);
    expect(may('sqs:SendMessage')).toEqual([`<${refused.id}.Arn>`]);
  });
});

describe('a stack', () => {
  const without = (more: Partial<RelayConfig>) =>
    synthesise({
      ...config,
      checkouts: {},
      rotations: {},
      provisioning: {},
      directories: {},
      webhooks: {},
      intake: undefined,
      ...more,
    }).template;

  it('without checkouts and an intake section has no queue of messages', () => {
    const bare = without({});
    expect(Object.keys(bare.findResources('AWS::Lambda::EventSourceMapping'))).toEqual([]);
    expect(bare.findOutputs('IntakeQueueUrl')).toEqual({});
  });

  it('with only an intake section accepts messages, and can start only syncs', () => {
    const syncsOnly = without({ intake: { senders: [], concurrency: 2 } });
    const starts = statementsOf(syncsOnly, 'IntakeQueue')
      .filter((statement) => actionsOf(statement).includes('states:StartExecution'))
      .flatMap(resourcesOf);
    expect(starts.map((resource) => resource.replace(/^.*:/, ''))).toEqual(['pam-relay-prod-sync']);
  });
});
