import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { createHasEarlierRun } from '#functions/sync/plan/earlier-run.ts';
import { awsEnvironment, LOCAL_ACCOUNT, LOCAL_REGION } from '#local/aws/environment.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { createSecretsManager, type SecretsManager } from '#local/aws/secrets-manager/server.ts';
import { type Service, sendJson, startAwsServer } from '#local/aws/server.ts';
import { createNotify } from '#shared/aws/alerts.ts';
import { awsClientConfig } from '#shared/aws/client.ts';
import { createExecutions } from '#shared/aws/executions.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { createS3Records } from '#shared/aws/s3.ts';
import { createTokenCache } from '#shared/aws/token-cache.ts';
import { RelayError } from '#shared/errors.ts';
import { recordAt } from '#shared/records/records.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { EMPTY_PLAN } from '#test/support/batches.ts';
import { aRun } from '#test/support/configs.ts';
import { type FaultyAws, startFaultyAws } from '#test/support/faulty-aws.ts';

const MACHINE = `arn:aws:states:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stateMachine:pam-relay-sync`;
const BUCKET = 'records';
const TOPIC = 'alerts';
export const VALUE = 'canary-value-of-a-credential';

export const SERVICES = ['Secrets Manager', 'S3 read', 'S3 write', 'Step Functions', 'SNS'] as const;

/** One call of the relay to AWS: its service, its action, and the code that makes it. */
export interface Call {
  readonly service: (typeof SERVICES)[number];
  readonly action: string;
  /** Purpose of the call; one action can have several. */
  readonly purpose: string;
  /** Sets up the state that the call finds. */
  readonly prepare?: () => void;
  readonly run: () => Promise<unknown>;
  /** Call of the next run; repeats `run` if omitted. */
  readonly again?: () => Promise<unknown>;
  /** Assertions that hold once the call has succeeded, whatever failed before. */
  readonly check?: () => void;
}

export interface Scene {
  readonly aws: FaultyAws;
  readonly calls: readonly Call[];
  /** Outcome of a call, in the words of `test/data/failure-modes.md`. */
  outcomeOf(run: Call['run']): Promise<string>;
  close(): Promise<void>;
}

const stepFunctions: Service = async (_request, response, { action }) =>
  sendJson(
    response,
    200,
    action === 'ListExecutions'
      ? { executions: [] }
      : { executionArn: `${MACHINE}:x`, stateMachineArn: MACHINE, status: 'RUNNING', startDate: 1, input: '{}' },
  );

/** All relay code that calls AWS, connected to an AWS side that can break any of these calls. */
export const openScene = async (): Promise<Scene> => {
  const upstream = await startAwsServer();
  const manager = createSecretsManager({ region: LOCAL_REGION });
  upstream.serve('secretsmanager', manager.http);
  upstream.serve('states', stepFunctions);
  const direct = localClientConfig(upstream.endpoint);
  await new S3Client(direct).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { TopicArn = '' } = await new SNSClient(direct).send(new CreateTopicCommand({ Name: TOPIC }));

  const aws = await startFaultyAws(upstream.endpoint);
  // Retries of the SDK are out of scope.
  Object.assign(process.env, awsEnvironment(aws.endpoint), { AWS_MAX_ATTEMPTS: '1' });
  await createS3Records(BUCKET).write(recordAt.plan(aRun()), EMPTY_PLAN);
  return {
    aws,
    calls: [...secretCalls(manager), ...otherCalls(TopicArn)],
    async outcomeOf(run) {
      try {
        await run();
        return 'done';
      } catch (thrown) {
        if (!(thrown instanceof RelayError)) throw thrown;
        // The cause is the error of the AWS SDK. It never leaves the function.
        const told = `${thrown.message}${JSON.stringify({ ...thrown, cause: undefined })}${thrown.name}`;
        if (told.includes(VALUE)) throw new Error(`${thrown.name} shows the value: ${inspect(told)}`);
        return thrown.name;
      }
    },
    async close() {
      await aws.close();
      await upstream.close();
    },
  };
};

const secretCalls = (manager: SecretsManager): Call[] => {
  const client = new SecretsManagerClient(awsClientConfig());
  const owner = 'relay/databases';
  const store = createAwsSecretsManagerStore({ client, owner });
  const service = 'Secrets Manager';
  const value = new Secret(VALUE);
  const description = 'A credential.';
  let name = '';
  let first = '';
  let second = '';
  const create = (secret: object) => manager.handle('CreateSecret', { ClientRequestToken: randomUUID(), ...secret });

  const nothing = (): void => {
    name = `prod/${randomUUID()}`;
    first = randomUUID();
    second = randomUUID();
  };
  const delivered = (): void => {
    nothing();
    const Tags = [{ Key: 'pam-relay:owner', Value: owner }];
    create({ Name: name, ClientRequestToken: first, SecretString: 'the one before', Tags });
  };
  const retired = (): void => {
    delivered();
    manager.handle('DeleteSecret', { SecretId: name, RecoveryWindowInDays: 7 });
  };
  const deliverNew = () => store.deliver({ name, value, stamp: second, expected: 'absent', description });
  const deliverNext = () => store.deliver({ name, value, stamp: second, expected: { stamp: first }, description });
  const isDelivered = (): void => {
    const { [name]: current } = manager.currentValues();
    if (current !== VALUE) throw new Error('The secret does not hold what was delivered.');
    if (manager.promotions(name).filter((id) => id === second).length !== 1) throw new Error('It was promoted twice.');
  };
  const cache = createTokenCache({
    client,
    secretId: 'pam-relay/token',
    now: Date.now,
    random: () => 0.5,
    fetchToken: async () => ({ accessToken: value, expiresInSeconds: 3600 }),
    bootstrapVersion: async () => 'one',
    newRequestToken: randomUUID,
  });
  create({ Name: 'bootstrap/vault', SecretString: '{}' });
  create({ Name: 'pam-relay/token', SecretString: 'none yet' });
  const stale = (): void => {
    const SecretString = 'not a token';
    manager.handle('PutSecretValue', { SecretId: 'pam-relay/token', ClientRequestToken: randomUUID(), SecretString });
  };
  const bootstrap = () =>
    readOperatorSecret({ client, name: 'bootstrap/vault', kind: 'bootstrap secret', shape: '{}' });
  const listAll = async () => {
    for await (const _page of store.list());
  };
  return [
    { service, action: 'ListSecrets', purpose: 'list', run: listAll },
    { service, action: 'DescribeSecret', purpose: 'look up', prepare: delivered, run: () => store.inspect(name) },
    { service, action: 'CreateSecret', purpose: 'deliver', prepare: nothing, run: deliverNew, check: isDelivered },
    { service, action: 'PutSecretValue', purpose: 'deliver', prepare: delivered, run: deliverNext, check: isDelivered },
    {
      service,
      action: 'GetSecretValue',
      purpose: 'read back',
      prepare: delivered,
      run: deliverNext,
      check: isDelivered,
    },
    {
      service,
      action: 'UpdateSecretVersionStage',
      purpose: 'promote',
      prepare: delivered,
      run: deliverNext,
      check: isDelivered,
    },
    {
      service,
      action: 'RestoreSecret',
      purpose: 'deliver',
      prepare: retired,
      run: deliverNew,
      again: deliverNext,
      check: isDelivered,
    },
    { service, action: 'DeleteSecret', purpose: 'retire', prepare: delivered, run: () => store.retire(name, 7) },
    { service, action: 'GetSecretValue', purpose: 'compare', prepare: delivered, run: () => store.holds(name, value) },
    { service, action: 'GetSecretValue', purpose: 'bootstrap secret', run: bootstrap },
    { service, action: 'GetSecretValue', purpose: 'token', run: () => cache.get() },
    { service, action: 'PutSecretValue', purpose: 'token', prepare: stale, run: () => cache.get() },
    { service, action: 'UpdateSecretVersionStage', purpose: 'token', prepare: stale, run: () => cache.get() },
  ];
};

const otherCalls = (topicArn: string): Call[] => {
  const records = createS3Records(BUCKET);
  const place = recordAt.plan(aRun());
  const hasEarlierRun = createHasEarlierRun(MACHINE);
  const executions = createExecutions(MACHINE);
  return [
    { service: 'S3 read', action: 'GetObject', purpose: 'read', run: () => records.read(place) },
    { service: 'S3 write', action: 'PutObject', purpose: 'write', run: () => records.write(place, EMPTY_PLAN) },
    {
      service: 'Step Functions',
      action: 'ListExecutions',
      purpose: 'earlier run',
      run: () => hasEarlierRun({ rule: 'databases', run: 'databases.1' }),
    },
    {
      service: 'Step Functions',
      action: 'DescribeExecution',
      purpose: 'ended',
      run: () => executions.find('databases.1'),
    },
    {
      service: 'Step Functions',
      action: 'StartExecution',
      purpose: 'start',
      run: () => executions.start('databases.1', '{}'),
    },
    { service: 'SNS', action: 'Query', purpose: 'notify', run: () => createNotify(topicArn)('subject', ['text']) },
  ];
};
