import { describe, expect, it } from 'vitest';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import { machinesSteps } from '#shared/workflows/intake.ts';
import { parseShapeOf } from '#test/support/configs.ts';
import { actionsOf, asText, FULL, loadExample, resourcesOf, statementsOf, synthesise } from '../synthesis.ts';

const full = loadExample(FULL);
const [connection = ''] = Object.keys(full.connections);
const blueprint = {
  connection,
  resources: {
    machine: { type: 'asset', workgroup: 'Default Workgroup', name: 'machine', address: '192.0.2.1' },
  },
};
const ec2 = { accounts: ['111122223333'], vpcs: ['vpc-1'], inputs: {} };
const { provisioning } = parseShapeOf({ ...full, provisioning: { linux: { ...blueprint, ec2 } } });
const { template } = synthesise({ ...full, provisioning });

const queueNamed = (name: string) => {
  const [found] = Object.entries(template.findResources('AWS::SQS::Queue', { Properties: { QueueName: name } }));
  if (found === undefined) throw new Error(`The template has no queue ${name}.`);
  return { id: found[0], properties: found[1]['Properties'] };
};
const queue = queueNamed('pam-relay-prod-machines');
const refused = queueNamed('pam-relay-prod-machines-refused');
const RULE = 'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/pam-relay-prod-machines';
const ONLY_THE_RULE = {
  StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
  ArnLike: { 'aws:SourceArn': [expect.anything()] },
};

interface Statement {
  readonly Principal?: { readonly Service?: string };
  readonly Action: string | string[];
  readonly Condition?: { readonly ArnLike: { readonly 'aws:SourceArn': readonly unknown[] } };
}
const ofEvents = (statements: readonly Statement[]) =>
  statements.filter(({ Principal }) => Principal?.Service === 'events.amazonaws.com');

describe('events of machines', () => {
  it('of the two states that matter go from the default bus to the queue, or else to that of refused events', () => {
    const [rule, ...others] = Object.values(template.findResources('AWS::Events::Rule'));
    expect(others).toEqual([]);
    expect(rule?.['Properties']).toMatchObject({
      Name: 'pam-relay-prod-machines',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'terminated'] },
      },
    });
    const [target] = rule?.['Properties'].Targets ?? [];
    expect([asText(target.Arn), asText(target.DeadLetterConfig.Arn)]).toEqual([
      `<${queue.id}.Arn>`,
      `<${refused.id}.Arn>`,
    ]);
  });

  it('are dropped after five failures, and invoke the function in batches of ten', () => {
    expect(queue.properties.RedrivePolicy).toMatchObject({ maxReceiveCount: MAX_RECEIVES });
    expect(queue.properties.VisibilityTimeout).toBe(6 * machinesSteps.machines.seconds);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [queue.id, 'Arn'] },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it.each([queue, refused])('may be sent to a queue by this rule only', ({ id }) => {
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy')).filter(({ Properties }) =>
      asText(Properties.Queues[0]).includes(`<${id}>`),
    );
    const allowed = ofEvents(policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement));
    expect(allowed).toEqual([expect.objectContaining({ Action: 'sqs:SendMessage', Condition: ONLY_THE_RULE })]);
    expect(asText(allowed[0]?.Condition?.ArnLike['aws:SourceArn'][0])).toBe(RULE);
  });

  it('may be encrypted by this rule only', () => {
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const allowed = ofEvents(key?.['Properties'].KeyPolicy.Statement);
    expect(allowed).toEqual([
      expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Condition: ONLY_THE_RULE }),
    ]);
    expect(asText(allowed[0]?.Condition?.ArnLike['aws:SourceArn'][0])).toBe(RULE);
  });

  it('have alarms about refused and late ones', () => {
    for (const kind of ['machine-refused', 'machine-late']) {
      template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: `pam-relay-prod-${kind}` });
    }
  });
});

describe('the function that handles them', () => {
  const may = (action: string): string[] =>
    statementsOf(template, 'IntakeMachines')
      .filter((statement) => actionsOf(statement).includes(action))
      .flatMap(resourcesOf)
      .map((resource) => resource.replace(/^.*<AWS::AccountId>:/, '').replace(/^.*Arn>(?=\/)/, ''));

  it('may describe instances, and start the provisioning of subjects', () => {
    expect(may('ec2:DescribeInstances')).toEqual(['*']);
    expect(may('states:StartExecution')).toEqual(['stateMachine:pam-relay-prod-provision']);
  });

  it('may read and write subjects, and no secret', () => {
    expect(may('s3:GetObject')).toEqual(['/subjects/*']);
    expect(may('s3:PutObject').toSorted()).toEqual(['/pending/*', '/subjects/*']);
    expect(may('secretsmanager:GetSecretValue')).toEqual([]);
  });

  it('may receive from the queue, and send to that of refused events', () => {
    expect(may('sqs:ReceiveMessage')).toEqual([`<${queue.id}.Arn>`]);
    expect(may('sqs:SendMessage')).toEqual([`<${refused.id}.Arn>`]);
  });
});

it('a relay whose blueprints have no machines has no rule and no queue for them', () => {
  const { provisioning: bare } = parseShapeOf({ ...full, provisioning: { linux: blueprint } });
  const without = synthesise({ ...full, provisioning: bare }).template;
  expect(without.findResources('AWS::Events::Rule')).toEqual({});
  expect(JSON.stringify(without.toJSON())).not.toContain('-machines');
});
