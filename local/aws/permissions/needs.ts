import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { AwsCall } from '../calls.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../environment.ts';
import { arnOf, type Template } from '../template/template.ts';
import type { Need } from './evaluate.ts';
import { keyNeeds } from './permissions.ts';
import { stsNeeds } from './sts-needs.ts';

/** Returns the permissions that a call needs. */
export type NeedsOf = (call: AwsCall, request: IncomingMessage) => Promise<Need[]>;

/** True if there is an object at `/<bucket>/<key>`. */
export type ObjectExists = (path: string) => Promise<boolean>;

/**
 * The permissions that calls need, by service. Secrets Manager and Parameter Store determine their own, from their
 * state. Source: Service Authorization Reference, and each service's documentation of its use of KMS.
 */
export const createNeedsOf = (template: Template, objectExists: ObjectExists): NeedsOf => {
  const s3 = createS3Needs(template, objectExists);
  const sns = createSnsNeeds(template);
  const sqs = createSqsNeeds(template);
  const states = createStatesNeeds(template);
  return async (call, request) => {
    switch (call.service) {
      case 'secretsmanager':
      case 'ssm':
        return [];
      case 's3':
        return s3(call, new URL(request.url ?? '/', 'http://127.0.0.1'), request.headers);
      case 'sqs':
        return sqs(call);
      case 'sns':
        return sns(new URLSearchParams(await call.body()));
      case 'states':
        return states(call);
      case 'sts':
        return stsNeeds(new URLSearchParams(await call.body()));
      case 'ec2':
        return [{ action: `ec2:${new URLSearchParams(await call.body()).get('Action')}`, resource: '*' }];
      default:
        return [{ action: `${call.service}:${call.action}`, resource: '*' }];
    }
  };
};

const bucketSchema = z.object({
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.tuple([
        z.object({ ServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }) }),
      ]),
    })
    .optional(),
});

const createS3Needs = (template: Template, objectExists: ObjectExists) => {
  const keyArns = new Map(
    template.ofType('AWS::S3::Bucket').map(({ identity, properties }) => {
      const { BucketEncryption: encryption } = bucketSchema.parse(properties);
      return [
        identity.name,
        encryption?.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID,
      ];
    }),
  );
  return async (
    { action }: AwsCall,
    { pathname: path, searchParams }: URL,
    headers: IncomingHttpHeaders,
  ): Promise<Need[]> => {
    const [, bucket = '', ...key] = decodeURIComponent(path).split('/');
    const onBucket = `arn:aws:s3:::${bucket}`;
    if (action === 'ListObjectsV2') {
      const context = { 's3:prefix': [searchParams.get('prefix') ?? ''] };
      return [{ action: 's3:ListBucket', resource: onBucket, context }];
    }
    if (key.length === 0) return [{ action: `s3:${action}`, resource: onBucket }];
    const use = action === 'PutObject' ? 'GenerateDataKey' : 'Decrypt';
    const resource = `${onBucket}/${key.join('/')}`;
    const needs = [
      { action: `s3:${action}`, resource },
      // A write on the condition of an ETag reads the object.
      ...(headers['if-match'] === undefined ? [] : [{ action: 's3:GetObject', resource }]),
      ...keyNeeds(keyArns.get(bucket), 's3', [use]),
    ];
    // S3 reveals that an object is missing only to callers with `s3:ListBucket`.
    const isMissing = action === 'GetObject' && !(await objectExists(path));
    return isMissing ? [...needs, { action: 's3:ListBucket', resource: onBucket }] : needs;
  };
};

const topicSchema = z.object({ KmsMasterKeyId: z.string().optional() });

const createSnsNeeds = (template: Template) => {
  const keyArns = new Map(
    template
      .ofType('AWS::SNS::Topic')
      .map(({ identity, properties }) => [identity.ref, topicSchema.parse(properties).KmsMasterKeyId]),
  );
  return (form: URLSearchParams): Need[] => {
    const resource = form.get('TopicArn') ?? '*';
    return [
      { action: `sns:${form.get('Action')}`, resource },
      ...keyNeeds(keyArns.get(resource), 'sns', ['GenerateDataKey', 'Decrypt']),
    ];
  };
};

const queueSchema = z.object({ KmsMasterKeyId: z.string().optional() });
const sqsSchema = z.looseObject({ QueueUrl: z.string().optional(), QueueName: z.string().optional() });

/** KMS calls that SQS makes on behalf of its caller for an encrypted queue. */
const KEY_USES: ReadonlyMap<string, readonly string[]> = new Map([
  ['SendMessage', ['GenerateDataKey', 'Decrypt']],
  ['ReceiveMessage', ['Decrypt']],
]);

const createSqsNeeds = (template: Template) => {
  const queues = template.ofType('AWS::SQS::Queue');
  const keyArns = new Map(queues.map((queue) => [arnOf(queue), queueSchema.parse(queue.properties).KmsMasterKeyId]));
  return async (call: AwsCall): Promise<Need[]> => {
    const { QueueUrl, QueueName = QueueUrl?.split('/').at(-1) } = sqsSchema.parse(JSON.parse(await call.body()));
    const resource = QueueName === undefined ? '*' : `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${QueueName}`;
    // A batch needs the permissions of its messages.
    const action = call.action.replace(/Batch$/, '');
    return [
      { action: `sqs:${action}`, resource },
      ...withEncryptionContext(
        'aws:sqs:arn',
        resource,
        keyNeeds(keyArns.get(resource), 'sqs', KEY_USES.get(action) ?? []),
      ),
    ];
  };
};

const statesSchema = z.looseObject({ stateMachineArn: z.string().optional(), executionArn: z.string().optional() });

const machineSchema = z.object({ EncryptionConfiguration: z.object({ KmsKeyId: z.string().optional() }).optional() });

/** Describing an execution requires the key, because its data is encrypted. Starting, listing and stopping do not. */
const createStatesNeeds = (template: Template) => {
  const keyArns = new Map(
    template
      .ofType('AWS::StepFunctions::StateMachine')
      .map((machine) => [arnOf(machine), machineSchema.parse(machine.properties).EncryptionConfiguration?.KmsKeyId]),
  );
  return async (call: AwsCall): Promise<Need[]> => {
    const { stateMachineArn, executionArn } = statesSchema.parse(JSON.parse(await call.body()));
    const need = { action: `states:${call.action}`, resource: executionArn ?? stateMachineArn ?? '*' };
    if (executionArn === undefined || call.action !== 'DescribeExecution') return [need];
    const ofMachine = executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');
    const toDecrypt = keyNeeds(keyArns.get(ofMachine), 'states', ['Decrypt']);
    return [need, ...withEncryptionContext('aws:states:stateMachineArn', ofMachine, toDecrypt)];
  };
};

/** Adds the service's encryption context to the needs of a key. */
const withEncryptionContext = (key: string, arn: string, needs: readonly Need[]): Need[] =>
  needs.map((need) => ({ ...need, context: { ...need.context, [`kms:EncryptionContext:${key}`]: [arn] } }));
