import type { Rate } from './token-bucket.ts';

/** A quota on the calls of one account in one region. */
export interface Quota extends Rate {
  /** Service name in the signature of a call. */
  readonly service: string;
  /** Actions that count against it together. */
  readonly actions: readonly string[];
  /** Scope of the quota: the account, or each folder of a bucket. */
  readonly per: 'account' | 'prefix';
  readonly source: string;
}

const SECRETS_MANAGER = 'AWS Secrets Manager user guide, "AWS Secrets Manager quotas"';
const PARAMETER_STORE = 'not documented; AWS support named it to a user: terraform-aws-github-runner, "2944"';
const PARAMETER_LISTS =
  'not documented; assumed, because users were throttled: chamber, "34", external-secrets, "4065"';
const STEP_FUNCTIONS =
  'AWS Step Functions developer guide, "Quotas related to API action throttling", all other regions';
const S3 = 'Amazon S3 user guide, "Best practices design patterns: optimizing Amazon S3 performance"';
const SNS = 'AWS General Reference, "Amazon Simple Notification Service endpoints and quotas", smallest regions';

const EC2 =
  'Amazon EC2 developer guide, "Request throttling for the Amazon EC2 API", non-mutating actions with a filter';

/** AWS documents no burst for these: a second's worth. */
const each = (service: string, perSecond: number, source: string, per: Quota['per'] = 'account') => ({
  service,
  burst: perSecond,
  perSecond,
  per,
  source,
});

/**
 * Quotas of AWS on the calls that the relay makes. SQS documents none for standard queues. The services call KMS and
 * reuse bucket keys and data keys, so its quotas are not modelled. The quota on state transitions delays executions and
 * refuses nothing, so it is not modelled either.
 */
export const QUOTAS: readonly Quota[] = [
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['CreateSecret'] },
  {
    ...each('secretsmanager', 50, SECRETS_MANAGER),
    actions: [
      'PutSecretValue',
      'UpdateSecret',
      'UpdateSecretVersionStage',
      'ReplicateSecretToRegions',
      'RemoveRegionsFromReplication',
      'StopReplicationToReplica',
    ],
  },
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['DeleteSecret'] },
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['RestoreSecret'] },
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['RotateSecret', 'CancelRotateSecret'] },
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['TagResource', 'UntagResource'] },
  { ...each('secretsmanager', 50, SECRETS_MANAGER), actions: ['ListSecretVersionIds'] },
  { ...each('secretsmanager', 100, SECRETS_MANAGER), actions: ['ListSecrets'] },
  { ...each('secretsmanager', 100, SECRETS_MANAGER), actions: ['BatchGetSecretValue'] },
  { ...each('secretsmanager', 10_000, SECRETS_MANAGER), actions: ['DescribeSecret', 'GetSecretValue'] },
  { ...each('ssm', 3, PARAMETER_STORE), actions: ['PutParameter'] },
  { ...each('ssm', 3, PARAMETER_LISTS), actions: ['DescribeParameters'] },
  {
    service: 'states',
    actions: ['StartExecution'],
    burst: 800,
    perSecond: 150,
    per: 'account',
    source: STEP_FUNCTIONS,
  },
  { service: 'states', actions: ['StopExecution'], burst: 500, perSecond: 25, per: 'account', source: STEP_FUNCTIONS },
  {
    service: 'states',
    actions: ['DescribeExecution'],
    burst: 250,
    perSecond: 10,
    per: 'account',
    source: STEP_FUNCTIONS,
  },
  { service: 'states', actions: ['ListExecutions'], burst: 100, perSecond: 2, per: 'account', source: STEP_FUNCTIONS },
  {
    service: 'states',
    actions: ['GetExecutionHistory'],
    burst: 400,
    perSecond: 20,
    per: 'account',
    source: STEP_FUNCTIONS,
  },
  { ...each('s3', 3500, S3, 'prefix'), actions: ['PutObject', 'DeleteObject', 'DeleteObjects', 'Post'] },
  { ...each('s3', 5500, S3, 'prefix'), actions: ['GetObject', 'HeadObject'] },
  // All calls of the relay to EC2 are DescribeInstances. The action is in the body.
  { service: 'ec2', actions: ['Query'], burst: 100, perSecond: 20, per: 'account', source: EC2 },
  // All calls of the relay to SNS are Publish. The action is in the body.
  { ...each('sns', 300, SNS), actions: ['Query'] },
];

/**
 * Maximum number of running invocations. New accounts can have ten. Source: AWS Lambda developer guide, "Lambda
 * quotas".
 */
export const MAX_CONCURRENT_INVOCATIONS = 1000;
