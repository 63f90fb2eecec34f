import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';

/** The values by which other resources refer to a resource: its `Ref` and its attributes for `Fn::GetAtt`. */
export interface Identity {
  readonly name: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

type Properties = Readonly<Record<string, unknown>>;
/**
 * Creates an identity from the name that CloudFormation would generate, the resource's resolved name properties, and
 * the endpoint of the AWS side.
 */
type Identify = (generatedName: string, properties: Properties, endpoint: string) => Identity;

const arn = (service: string, resource: string) => `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

const nameIn = (properties: Properties, key: string, generatedName: string): string =>
  z.string().default(generatedName).parse(properties[key]);

/** A deterministic UUID, where AWS generates a random one. */
const idOf = (generatedName: string): string =>
  createHash('sha256')
    .update(generatedName)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The types that local mode runs. */
const LIVE_TYPES = {
  'AWS::Lambda::Function': (generated, properties) => {
    const name = nameIn(properties, 'FunctionName', generated);
    return { name, ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  },
  'AWS::Lambda::EventSourceMapping': (generated) => {
    const id = idOf(generated);
    return { name: generated, ref: id, attributes: { Id: id, Arn: arn('lambda', `event-source-mapping:${id}`) } };
  },
  'AWS::StepFunctions::StateMachine': (generated, properties) => {
    const name = nameIn(properties, 'StateMachineName', generated);
    const machineArn = arn('states', `stateMachine:${name}`);
    return { name, ref: machineArn, attributes: { Arn: machineArn, Name: name } };
  },
  'AWS::S3::Bucket': (generated, properties) => {
    const name = nameIn(properties, 'BucketName', generated.toLowerCase().slice(0, 63));
    return { name, ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
  },
  'AWS::SQS::Queue': (generated, properties, endpoint) => {
    const name = nameIn(properties, 'QueueName', generated);
    const url = `${endpoint}/${LOCAL_ACCOUNT}/${name}`;
    return { name, ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
  },
  'AWS::SNS::Topic': (generated, properties) => {
    const name = nameIn(properties, 'TopicName', generated);
    return { name, ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
  },
  'AWS::SecretsManager::Secret': (generated, properties) => {
    const name = nameIn(properties, 'Name', generated);
    // The partial ARN, which Secrets Manager accepts too. Its suffix is generated at creation.
    return { name, ref: arn('secretsmanager', `secret:${name}`), attributes: {} };
  },
  'AWS::Scheduler::Schedule': (generated, properties) => {
    const name = nameIn(properties, 'Name', generated);
    const group = nameIn(properties, 'GroupName', 'default');
    return { name, ref: name, attributes: { Arn: arn('scheduler', `schedule/${group}/${name}`) } };
  },
  'AWS::Events::Rule': (generated, properties) => {
    const name = nameIn(properties, 'Name', generated);
    return { name, ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
  },
  'AWS::ApiGatewayV2::Api': (generated, properties) => ({
    name: nameIn(properties, 'Name', generated),
    ref: idOf(generated).slice(-10),
    attributes: {},
  }),
  'AWS::ApiGatewayV2::Integration': (generated) => ({
    name: generated,
    ref: idOf(generated).slice(-7),
    attributes: {},
  }),
  'AWS::ApiGatewayV2::Route': (generated) => ({ name: generated, ref: idOf(generated).slice(-7), attributes: {} }),
  'AWS::ApiGatewayV2::ApiMapping': (generated) => ({ name: generated, ref: idOf(generated).slice(-6), attributes: {} }),
  'AWS::ApiGatewayV2::DomainName': (generated, properties) => {
    const name = nameIn(properties, 'DomainName', generated);
    return { name, ref: name, attributes: { RegionalDomainName: `${name}.localhost` } };
  },
  'AWS::ApiGatewayV2::Stage': (generated) => ({ name: generated, ref: '$default', attributes: {} }),
} as const satisfies Record<string, Identify>;

export type LiveType = keyof typeof LIVE_TYPES;

const withArn =
  (service: string, kind: string): Identify =>
  (generated) => ({ name: generated, ref: generated, attributes: { Arn: arn(service, `${kind}${generated}`) } });

const keyIdentity: Identify = (generated) => {
  const id = idOf(generated);
  return { name: generated, ref: id, attributes: { Arn: arn('kms', `key/${id}`), KeyId: id } };
};

/** Types for protection, monitoring or description, which have no effect on one machine. Only their names matter. */
const INERT_TYPES: Record<string, Identify> = {
  'AWS::CDK::Metadata': withArn('cdk', ''),
  'AWS::CloudWatch::Alarm': withArn('cloudwatch', 'alarm:'),
  'AWS::CloudWatch::CompositeAlarm': withArn('cloudwatch', 'alarm:'),
  'AWS::CloudWatch::Dashboard': withArn('cloudwatch', 'dashboard/'),
  'AWS::IAM::ManagedPolicy': withArn('iam', 'policy/'),
  'AWS::IAM::Policy': withArn('iam', 'policy/'),
  'AWS::IAM::Role': (generated) => ({
    name: generated,
    ref: generated,
    attributes: { Arn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${generated}` },
  }),
  'AWS::KMS::Alias': withArn('kms', ''),
  'AWS::KMS::Key': keyIdentity,
  'AWS::Lambda::EventInvokeConfig': withArn('lambda', ''),
  'AWS::Lambda::Permission': withArn('lambda', ''),
  'AWS::Logs::LogGroup': (generated, properties) => {
    const name = nameIn(properties, 'LogGroupName', generated);
    return { name, ref: name, attributes: { Arn: `${arn('logs', `log-group:${name}`)}:*` } };
  },
  'AWS::Logs::MetricFilter': withArn('logs', 'metric-filter:'),
  'AWS::Logs::ResourcePolicy': withArn('logs', ''),
  'AWS::S3::BucketPolicy': withArn('s3', ''),
  'AWS::SNS::Subscription': withArn('sns', ''),
  'AWS::SNS::TopicPolicy': withArn('sns', ''),
  'AWS::SQS::QueuePolicy': withArn('sqs', ''),
  'AWS::Scheduler::ScheduleGroup': withArn('scheduler', 'schedule-group/'),
  'AWS::SecretsManager::ResourcePolicy': withArn('secretsmanager', ''),
};

const TYPES: Record<string, Identify> = { ...INERT_TYPES, ...LIVE_TYPES };

/** Returns the identity of a resource. @throws for a type that local mode does not support. */
export const identify = (type: string, ...[generatedName, properties, endpoint]: Parameters<Identify>): Identity => {
  const known = TYPES[type];
  if (known === undefined) {
    throw new Error(
      `The template contains a ${type}, which local mode does not support. Add the type to resource-types.ts.`,
    );
  }
  return known(generatedName, properties, endpoint);
};
