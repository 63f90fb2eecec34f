import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './environment.ts';
import type { FunctionDefinition } from './functions/warm-copy.ts';
import type { SecretsManager } from './secrets-manager/server.ts';
import type { MachineDefinition } from './step-functions/step-functions.ts';
import { arnOf, type Resource, type Template } from './template/template.ts';

/**
 * The properties of live resources. Schemas also list properties without effect on one machine, so that unknown ones
 * are rejected.
 */

const ignored = z.unknown().optional();

const functionSchema = z.strictObject({
  FunctionName: z.string().optional(),
  Handler: z.string(),
  Runtime: z.literal('nodejs24.x'),
  Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
  Architectures: ignored,
  Description: ignored,
  LoggingConfig: ignored,
  Role: ignored,
  Tags: ignored,
  TracingConfig: ignored,
  VpcConfig: ignored,
});

/** @throws for a property that local mode does not support, and if the bundle is not among the assets. */
export const toFunction = (resource: Resource, assets: ReadonlyMap<string, string>): FunctionDefinition => {
  const { Handler, Code, Timeout, MemorySize, Environment } = functionSchema.parse(resource.properties);
  const codeDirectory = assets.get(Code.S3Key);
  if (codeDirectory === undefined)
    throw new Error(`The code of ${resource.identity.name} is not an asset of the stack.`);
  return {
    name: resource.identity.name,
    arn: arnOf(resource),
    codeDirectory,
    handler: Handler,
    timeoutMs: Timeout * 1000,
    memoryMb: MemorySize,
    environment: Environment.Variables,
  };
};

/** Local mode encrypts nothing, but rejects what AWS would reject. Source: Step Functions API reference. */
const encryptionSchema = z.strictObject({
  Type: z.literal('CUSTOMER_MANAGED_KMS_KEY'),
  KmsKeyId: z.string().min(1),
  KmsDataKeyReusePeriodSeconds: z.int().min(60).max(900).optional(),
});

const machineSchema = z.strictObject({
  StateMachineName: z.string().optional(),
  StateMachineType: z.literal('STANDARD').optional(),
  DefinitionString: z.string(),
  EncryptionConfiguration: encryptionSchema.optional(),
  LoggingConfiguration: ignored,
  RoleArn: ignored,
  Tags: ignored,
  TracingConfiguration: ignored,
});

/** @throws for a property that local mode does not support, and for an encryption that AWS would reject. */
export const toMachine = (resource: Resource): MachineDefinition => ({
  name: resource.identity.name,
  arn: arnOf(resource),
  definition: machineSchema.parse(resource.properties).DefinitionString,
});

const secretSchema = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  KmsKeyId: z.string().optional(),
  SecretString: z.string().optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
});

export const makeSecrets = (template: Template, secretsManager: SecretsManager): void => {
  for (const { identity, properties } of template.ofType('AWS::SecretsManager::Secret')) {
    const secret = secretSchema.parse(properties);
    secretsManager.handle('CreateSecret', {
      ...secret,
      Name: identity.name,
      ClientRequestToken: randomUUID(),
    });
  }
};

/** The queue that keeps the messages of a topic. A topic itself keeps none. */
export const archiveOf = (topicName: string): string => `${topicName}-archive`;

/** Client configuration with the operator's access key. */
export const localClientConfig = (endpoint: string) => ({
  endpoint,
  region: LOCAL_REGION,
  credentials: { accessKeyId: 'operator', secretAccessKey: 'local' },
});

export const makeBucketsAndTopics = async (template: Template, endpoint: string): Promise<void> => {
  const s3 = new S3Client(localClientConfig(endpoint));
  const sqs = new SQSClient(localClientConfig(endpoint));
  const sns = new SNSClient(localClientConfig(endpoint));
  for (const { identity } of template.ofType('AWS::S3::Bucket')) {
    await s3.send(new CreateBucketCommand({ Bucket: identity.name }));
  }
  for (const { identity } of template.ofType('AWS::SNS::Topic')) {
    const archive = archiveOf(identity.name);
    await sqs.send(new CreateQueueCommand({ QueueName: archive }));
    await sns.send(new CreateTopicCommand({ Name: identity.name }));
    const archiveArn = `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${archive}`;
    await sns.send(new SubscribeCommand({ TopicArn: identity.ref, Protocol: 'sqs', Endpoint: archiveArn }));
  }
};
