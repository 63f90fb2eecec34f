import { randomUUID } from 'node:crypto';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { roleTemplate } from '#cli/role-template.ts';
import { localClientConfig } from '#local/aws/resources.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { Secret } from '#shared/secret.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { rolesToAssume } from '#shared/workflows/permissions.ts';
import { aConfig } from '#test/support/configs.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { describeReplicas, REPLICA_REGION } from '../contract/aws/secrets-manager/replicas.ts';
import { KNOWN_DEVIATIONS } from './known-wrong.ts';
import { startMinistack, startMoto } from './support/emulators.ts';

const ministack = await startMinistack();
afterAll(() => ministack.close());
const moto = await startMoto();
afterAll(() => moto.close());

const OTHER_ACCOUNT = '222222222222';
const ROLE = `arn:aws:iam::${OTHER_ACCOUNT}:role/deliveries`;

/** Credentials of a role in another account. Both emulators answer without a look at the role. */
const otherCredentials = async (endpoint: string) => {
  const sts = new STSClient({ ...localClientConfig(endpoint), maxAttempts: 1 });
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'test' }));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
};

for (const [name, { endpoint }] of Object.entries({ ministack, moto })) {
  const config = { ...localClientConfig(endpoint), maxAttempts: 1 };
  const wrong = name === 'moto' ? KNOWN_DEVIATIONS.moto : KNOWN_DEVIATIONS.ministack;
  describeReplicas(
    name,
    async () => {
      const here = new SecretsManagerClient(config);
      const there = new SecretsManagerClient({ ...config, region: REPLICA_REGION });
      const elsewhere = new SecretsManagerClient({ ...config, credentials: await otherCredentials(endpoint) });
      return {
        here,
        there,
        elsewhere,
        destroy() {
          for (const client of [here, there, elsewhere]) client.destroy();
        },
      };
    },
    { knownDeviations: wrong['Secrets Manager replicas'] },
  );
}

describe('the store in another account and region, with replicas, on moto', () => {
  beforeAll(() => {
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
  });

  it('delivers there by an assumed role, replicates, and retires', async () => {
    const settings = awsSecretsManager.settings.parse({
      type: 'aws-secrets-manager',
      roleArn: ROLE,
      externalId: 'relay-7',
      region: 'eu-central-1',
      replicaRegions: [REPLICA_REGION],
    });
    const owner = `relay.000000000000.us-east-1/${randomUUID()}`;
    const store = awsSecretsManager.connect(settings, { owner, encryptionKey: undefined, ...UNPACED });
    const name = `prod/${randomUUID()}`;
    const stamp = (generation: number) => String(generation).padStart(64, '0');
    const deliver = (generation: number, expected: 'absent' | { stamp: string }) =>
      store.deliver({
        name,
        value: new Secret(`value of ${generation}`),
        stamp: stamp(generation),
        expected,
        description: 'svc on web01',
      });
    expect(await deliver(1, 'absent')).toEqual({ changed: true, verified: 'read-back' });
    expect(await deliver(2, { stamp: stamp(1) })).toEqual({ changed: true, verified: 'read-back' });

    const credentials = await otherCredentials(moto.endpoint);
    const valueIn = async (region: string) => {
      const client = new SecretsManagerClient({ ...localClientConfig(moto.endpoint), credentials, region });
      return (await client.send(new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' })))
        .SecretString;
    };
    expect(await valueIn('eu-central-1')).toBe('value of 2');
    expect(await valueIn(REPLICA_REGION)).toBe('value of 2');

    const listed = [];
    for await (const page of store.list()) listed.push(...page);
    expect(listed).toEqual([{ name, stamp: stamp(2) }]);
    expect(await store.retire(name, 7)).toBe(true);
    await expect(valueIn(REPLICA_REGION)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe.each(Object.entries({ ministack, moto }))(
  'the template of the role, by CloudFormation of %s',
  (_name, { endpoint }) => {
    it('creates the role of relay.yaml', async () => {
      const store = awsSecretsManager.settings.parse({
        type: 'aws-secrets-manager',
        roleArn: ROLE,
        externalId: 'relay-7',
        replicaRegions: [REPLICA_REGION],
      });
      const config = aConfig();
      const scope = {
        owners: 'pam-relay.000000000000.us-east-1/*',
        partition: 'aws',
        region: 'us-east-1',
        account: '000000000000',
      };
      const stores = Object.fromEntries(Object.keys(config.stores).map((name) => [name, store]));
      const [role] = rolesToAssume({ ...config, stores }, REGISTERED_TYPES, scope);
      if (role === undefined) throw new Error('The store has no role.');
      const cloudFormation = new CloudFormationClient({
        ...localClientConfig(endpoint),
        credentials: await otherCredentials(endpoint),
      });
      const StackName = `role-${randomUUID()}`;
      const TemplateBody = JSON.stringify(roleTemplate(config.relay, role));
      await cloudFormation.send(
        new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
      );
      await vi.waitFor(
        async () => {
          const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
          expect(stack?.StackStatus).toBe('CREATE_COMPLETE');
          expect(stack?.Outputs).toMatchObject([{ OutputKey: 'RoleArn', OutputValue: ROLE }]);
        },
        { timeout: 20_000 },
      );
    });
  },
);
