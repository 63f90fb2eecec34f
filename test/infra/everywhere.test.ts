import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asText, FULL, loadExample, synthesise } from './synthesis.ts';

/** Properties of every resource of a type, in all constructs. */

const { template } = synthesise(loadExample(FULL));

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const resources = Object.entries(z.record(z.string(), resourceSchema).parse(template.toJSON()['Resources']));

/** Every resource of a type, by its logical id. @throws if there is none. */
const all = (type: string) => {
  const found = resources.filter(([, resource]) => resource.Type === type);
  expect(found.length, type).toBeGreaterThan(0);
  return found.map(([id, resource]) => ({ id, ...resource }));
};

const policySchema = z.object({
  PolicyDocument: z.object({
    Statement: z.array(
      z.looseObject({
        Effect: z.string(),
        Action: z.union([z.string(), z.array(z.string())]),
        Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
      }),
    ),
  }),
});

/** Statements of the policy that is attached to a resource; the property of the policy names the resource. */
const policyOf = (id: string, type: string, property: string) =>
  all(type)
    .filter(({ Properties }) => [Properties[property]].flat().some((named) => asText(named) === `<${id}>`))
    .flatMap(({ Properties }) => policySchema.parse(Properties).PolicyDocument.Statement);

describe('every bucket', () => {
  it('blocks public access with all four settings, and owns every object', () => {
    for (const { id, Properties } of all('AWS::S3::Bucket')) {
      expect(Properties['PublicAccessBlockConfiguration'], id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties['OwnershipControls'], id).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] });
    }
  });

  it('encrypts every object with the key of the bucket regardless of the request, and uses a bucket key', () => {
    for (const { id, Properties } of all('AWS::S3::Bucket')) {
      expect(Properties['BucketEncryption'], id).toMatchObject({
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      });
    }
  });

  it('accepts only TLS 1.2 or later', () => {
    for (const { id } of all('AWS::S3::Bucket')) {
      const denied = policyOf(id, 'AWS::S3::BucketPolicy', 'Bucket').map(({ Effect, Action, Condition }) => [
        Effect,
        Action,
        Condition,
      ]);
      expect(denied).toEqual([
        ['Deny', 's3:*', { Bool: { 'aws:SecureTransport': 'false' } }],
        ['Deny', 's3:*', { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
      ]);
    }
  });
});

describe('every queue and topic', () => {
  it.each([
    ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues', 'sqs:*'],
    ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics', 'sns:Publish'],
  ])('that is an %s is reached by TLS only', (type, policyType, property, actions) => {
    for (const { id } of all(type)) {
      expect(policyOf(id, policyType, property), id).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Action: actions,
          Principal: type === 'AWS::SNS::Topic' ? '*' : { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it('that takes dead letters takes those of one queue, or of none if its source is not a queue', () => {
    const policies = all('AWS::SQS::Queue').flatMap(({ id, Properties }) =>
      Properties['RedriveAllowPolicy'] === undefined ? [] : [[id.slice(0, -8), Properties['RedriveAllowPolicy']]],
    );
    expect(policies).toEqual([
      ['IntakeRefused', { redrivePermission: 'byQueue', sourceQueueArns: [expect.anything()] }],
      ['MachinesRefused', { redrivePermission: 'byQueue', sourceQueueArns: [expect.anything()] }],
      ['TicketsRefused', { redrivePermission: 'byQueue', sourceQueueArns: [expect.anything()] }],
      ['CommentsRefused', { redrivePermission: 'byQueue', sourceQueueArns: [expect.anything()] }],
      ['SchedulesUndelivered', { redrivePermission: 'denyAll' }],
    ]);
    expect(JSON.stringify(policies[0]?.[1])).toContain(':pam-relay-prod-intake"');
  });
});

describe('the topic of alerts', () => {
  it('accepts messages only from alarms of this account', () => {
    const [topic] = all('AWS::SNS::Topic');
    const allowed = policyOf(topic?.id ?? '', 'AWS::SNS::TopicPolicy', 'Topics').filter(
      ({ Effect }) => Effect === 'Allow',
    );
    expect(allowed).toEqual([
      expect.objectContaining({
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });
});

describe('every log group', () => {
  it('has the retention of relay.yaml, and is deleted with the stack', () => {
    for (const { id, Properties, DeletionPolicy } of all('AWS::Logs::LogGroup')) {
      expect([Properties['RetentionInDays'], DeletionPolicy], id).toEqual([90, 'Delete']);
    }
  });

  it('of a machine has the name prefix that needs no resource policy per log group', () => {
    const names = all('AWS::Logs::LogGroup').map(({ Properties }) => Properties['LogGroupName']);
    expect(names.filter((name) => /states/.test(asText(name)))).toEqual(
      ['sync', 'checkout', 'release', 'provision', 'drift', 'rotate', 'export', 'directory'].map(
        (name) => `/aws/vendedlogs/states/pam-relay-prod-${name}`,
      ),
    );
  });
});

describe('every state machine', () => {
  it('is traced, and logs everything but data', () => {
    for (const { id, Properties } of all('AWS::StepFunctions::StateMachine')) {
      expect(Properties, id).toMatchObject({
        StateMachineType: 'STANDARD',
        TracingConfiguration: { Enabled: true },
        LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      });
    }
  });

  it('times out: a run and a comparison after a day, a checkout, its release and a subject after a year, a rotation after 180 days, an export after two weeks, a run over a directory after two days', () => {
    const ends = all('AWS::StepFunctions::StateMachine').map(({ Properties }) => [
      Properties['StateMachineName'],
      Number(/"TimeoutSeconds":(\d+),"Comment"/.exec(asText(Properties['DefinitionString']))?.[1]) / 86_400,
    ]);
    expect(ends).toEqual([
      ['pam-relay-prod-sync', 1],
      ['pam-relay-prod-checkout', 365],
      ['pam-relay-prod-release', 365],
      ['pam-relay-prod-provision', 365],
      ['pam-relay-prod-drift', 1],
      ['pam-relay-prod-rotate', 180],
      ['pam-relay-prod-export', 14],
      ['pam-relay-prod-directory', 2],
    ]);
  });
});

describe('when the stack is deleted', () => {
  it('delivered secrets stay readable and records stay; everything else is deleted', () => {
    const retained = resources
      .filter(([, { DeletionPolicy, UpdateReplacePolicy }]) =>
        [DeletionPolicy, UpdateReplacePolicy].some((policy) => policy !== undefined && policy !== 'Delete'),
      )
      .map(([, { Type, DeletionPolicy, UpdateReplacePolicy }]) => [Type, DeletionPolicy, UpdateReplacePolicy]);
    expect(retained).toEqual([
      ['AWS::KMS::Key', 'Retain', 'Retain'],
      ['AWS::S3::Bucket', 'Retain', 'Retain'],
    ]);
  });
});

describe('every schedule', () => {
  it('starts its target within the hour, or sends it to a dead-letter queue', () => {
    for (const { id, Properties } of all('AWS::Scheduler::Schedule')) {
      expect(Properties['Target'], id).toMatchObject({
        RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 },
        DeadLetterConfig: { Arn: expect.anything() },
      });
      expect(Properties['GroupName'], id).toEqual({ Ref: expect.stringMatching(/^SchedulesGroup/) });
    }
  });
});

describe('every alarm', () => {
  const alarms = synthesise(loadExample('minimal.yaml')).template.findResources('AWS::CloudWatch::Alarm');
  const MATH = z.object({ Expression: z.string(), ReturnData: z.literal(true) });
  const OPERATORS: Readonly<Record<string, string>> = {
    GreaterThanOrEqualToThreshold: '>=',
    LessThanThreshold: '<',
  };
  const watched = ({ MetricName, Statistic, Metrics = [] }: Record<string, unknown>): string => {
    if (MetricName !== undefined) return `${MetricName} ${Statistic}`;
    return [Metrics].flat().flatMap((metric) => MATH.safeParse(metric).data?.Expression ?? [])[0] ?? '';
  };
  const inWords = (properties: Record<string, unknown>): string => {
    const {
      AlarmName,
      ComparisonOperator,
      Threshold,
      EvaluationPeriods,
      Period = 'as its metrics',
      TreatMissingData,
    } = properties;
    return `${AlarmName}: ${watched(properties)} ${OPERATORS[String(ComparisonOperator)]} ${Threshold}, ${EvaluationPeriods} x ${Period}, ${TreatMissingData}`;
  };

  it('has the expected threshold, number and length of periods, and treatment of missing data', () => {
    expect(Object.values(alarms).map(({ Properties }) => inWords(Properties))).toEqual([
      'pam-relay-run-failed: failed + timedOut + aborted >= 1, 1 x as its metrics, notBreaching',
      'pam-relay-run-partial-databases: RunPartial Sum >= 1, 1 x 3600, notBreaching',
      'pam-relay-run-stale-databases: RunSucceeded Sum < 1, 3 x 3600, breaching',
      'pam-relay-lease-open-vault: OldestOpenLeaseAge Maximum >= 3600, 1 x 900, notBreaching',
      'pam-relay-reap-failing: Errors Sum >= 1, 3 x 900, breaching',
      'pam-relay-sign-in-refused-vault: SignInRefused Sum >= 1, 1 x 300, notBreaching',
      'pam-relay-start-undelivered: ApproximateNumberOfMessagesVisible Maximum >= 1, 1 x 300, notBreaching',
    ]);
  });
});
