import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actionsOf, asText, FULL, loadExample, resourcesOf, roleStatements, synthesise } from './synthesis.ts';

const { template } = synthesise(loadExample(FULL));

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const resources = Object.entries(z.record(z.string(), resourceSchema).parse(template.toJSON()['Resources'])).map(
  ([id, { Type: type, Properties: properties }]) => ({ id, type, properties }),
);

/** Property with the key, for each type of resource that keeps data. */
const KEEPS_DATA: Readonly<Record<string, readonly (string | number)[]>> = {
  'AWS::S3::Bucket': [
    'BucketEncryption',
    'ServerSideEncryptionConfiguration',
    0,
    'ServerSideEncryptionByDefault',
    'KMSMasterKeyID',
  ],
  'AWS::SecretsManager::Secret': ['KmsKeyId'],
  'AWS::Logs::LogGroup': ['KmsKeyId'],
  'AWS::SNS::Topic': ['KmsMasterKeyId'],
  'AWS::SQS::Queue': ['KmsMasterKeyId'],
  'AWS::StepFunctions::StateMachine': ['EncryptionConfiguration', 'KmsKeyId'],
  'AWS::Scheduler::Schedule': ['KmsKeyArn'],
};

/** Types that hold only settings of the template. Variables of functions contain no secrets. */
const KEEPS_NONE = [
  /^AWS::(IAM|KMS|EC2)::/,
  /^AWS::CloudWatch::/,
  /^AWS::CDK::Metadata$/,
  /^AWS::Lambda::(Function|EventSourceMapping|Permission)$/,
  // Passes requests on. Its access log is a log group.
  /^AWS::ApiGatewayV2::(Api|ApiMapping|DomainName|Integration|Route|Stage)$/,
  /^AWS::(S3::Bucket|SQS::Queue|SNS::Topic)Policy$/,
  /^AWS::SNS::Subscription$/,
  /^AWS::(Scheduler::ScheduleGroup|Events::Rule)$/,
];

const at = (value: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((found, key) => new Map(Object.entries(Object(found))).get(String(key)), value);

describe('the data of the relay', () => {
  it.each(Object.entries(KEEPS_DATA))("is encrypted with the relay's own key in every %s", (type, path) => {
    const ofType = resources.filter((resource) => resource.type === type);
    expect(ofType.length).toBeGreaterThan(0);
    for (const { id, properties } of ofType) expect(asText(at(properties, path)), id).toMatch(/^<Key\w{8}\.Arn>$/);
  });

  it('is in no other type of resource: a new type has to be listed here', () => {
    const unknown = resources
      .map(({ type }) => type)
      .filter((type) => !(type in KEEPS_DATA) && !KEEPS_NONE.some((known) => known.test(type)));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('in a state machine is encrypted with a data key that is reused for five minutes', () => {
    const periods = resources
      .filter(({ type }) => type === 'AWS::StepFunctions::StateMachine')
      .map(({ properties }) => properties['EncryptionConfiguration']);
    expect(periods).toEqual(
      Array.from({ length: 8 }, () => ({
        Type: 'CUSTOMER_MANAGED_KMS_KEY',
        KmsKeyId: expect.anything(),
        KmsDataKeyReusePeriodSeconds: 300,
      })),
    );
  });
});

const HERE = '<AWS::Region>:<AWS::AccountId>';
const logs = `arn:<AWS::Partition>:logs:${HERE}:*`;

describe.each(['sync', 'checkout', 'release', 'provision', 'drift'])('the role of the machine %s', (name) => {
  const machine = `arn:<AWS::Partition>:states:${HERE}:stateMachine:pam-relay-prod-${name}`;
  const uses = roleStatements(template, `Role of the ${name} workflow`)
    .filter((statement) => actionsOf(statement).some((action) => action.startsWith('kms:')))
    .map((statement) => ({
      actions: actionsOf(statement),
      resources: resourcesOf(statement),
      condition: statement.Condition,
    }));

  it('uses the key for its own data and its log, without kms:ViaService, which would deny Step Functions', () => {
    expect(uses.flatMap((use) => use.resources)).toEqual(uses.map(() => expect.stringMatching(/^<Key\w{8}\.Arn>$/)));
    expect(uses.map(({ actions, condition = {} }) => [actions, textsOf(condition)])).toEqual([
      [
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        [`ArnLike kms:EncryptionContext:aws:states:stateMachineArn ${machine} ${machine}/*`],
      ],
      [['kms:GenerateDataKey'], [`StringEquals kms:EncryptionContext:SourceArn ${logs}`]],
    ]);
  });
});

const textsOf = (condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string[] =>
  Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => `${operator} ${key} ${[values].flat().map(asText).join(' ')}`),
  );

const keySchema = z.tuple([
  z.object({
    Properties: z.object({
      KeyPolicy: z.object({
        Statement: z.array(
          z.object({
            Effect: z.literal('Allow'),
            Principal: z.union([z.object({ Service: z.unknown() }), z.object({ AWS: z.unknown() })]),
            Action: z.union([z.string(), z.array(z.string())]),
            Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
          }),
        ),
      }),
    }),
  }),
]);

describe('the policy of the key', () => {
  const [key] = keySchema.parse(Object.values(template.findResources('AWS::KMS::Key')));
  const permissions = key.Properties.KeyPolicy.Statement.map(({ Principal, Action, Condition }) => ({
    who: asText('Service' in Principal ? Principal.Service : Principal.AWS),
    actions: [Action].flat(),
    condition: textsOf(Condition),
  }));

  it('lets services use it only for resources of this account, and senders for their queue; IAM governs the rest', () => {
    expect(permissions).toEqual([
      { who: 'arn:<AWS::Partition>:iam::<AWS::AccountId>:root', actions: ['kms:*'], condition: [] },
      {
        who: 'logs.<AWS::Region>.amazonaws.com',
        actions: ['kms:Decrypt', 'kms:Describe*', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        condition: [`ArnLike kms:EncryptionContext:aws:logs:arn ${logs}`],
      },
      {
        who: 'delivery.logs.amazonaws.com',
        actions: ['kms:Decrypt'],
        condition: [`StringEquals kms:EncryptionContext:SourceArn ${logs}`],
      },
      {
        who: 'cloudwatch.amazonaws.com',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        condition: ['StringEquals aws:SourceAccount <AWS::AccountId>'],
      },
      {
        who: 'arn:aws:iam::111122223333:role/ticket-system',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        condition: [
          'StringEquals kms:ViaService sqs.<AWS::Region>.amazonaws.com',
          `StringEquals kms:EncryptionContext:aws:sqs:arn arn:<AWS::Partition>:sqs:${HERE}:pam-relay-prod-intake`,
        ],
      },
      {
        who: 'events.amazonaws.com',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        condition: [
          'StringEquals aws:SourceAccount <AWS::AccountId>',
          `ArnLike aws:SourceArn arn:<AWS::Partition>:events:${HERE}:rule/pam-relay-prod-machines`,
        ],
      },
    ]);
  });
});
