import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { startAwsServer } from '#local/aws/server.ts';
import { createRoles } from '#local/aws/sts/roles.ts';
import { createSts } from '#local/aws/sts/server.ts';
import { createSessions } from '#local/aws/sts/sessions.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import type { Delivery, SecretStore } from '#shared/stores/store.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { connectInProcess, type InProcessOptions } from '#test/support/secrets-manager.ts';
import { collect, refusalOf, type StoreSite, stamp } from './store-scene.ts';
import { describeStore } from './store-suite.ts';

/** Waits for AWS to remove a replica take no time. */
const noWait = async (): Promise<void> => {};

const HERE = '000000000000';
const THERE = '111122223333';
const ROLE = `arn:aws:iam::${THERE}:role/deliveries`;

/** Acts for an operator of the account of the secrets. */
const operatorOf = (client: SecretsManagerClient): Pick<StoreSite, 'makeForeign' | 'adopt' | 'valueOf'> => ({
  async makeForeign(name, value) {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  },
  async adopt(name, owner) {
    await client.send(new TagResourceCommand({ SecretId: name, Tags: [{ Key: OWNER_TAG, Value: owner }] }));
  },
  async valueOf(name) {
    try {
      const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      return SecretString ?? SecretBinary;
    } catch (error) {
      if (error instanceof ResourceNotFoundException || error instanceof InvalidRequestException) return undefined;
      throw error;
    }
  },
});

/** The connections whose calls are wrapped, and whose values are changed on the way. */
const interceptedBy = (
  connectWith: (options: InProcessOptions, owner: string) => SecretStore,
): Pick<StoreSite, 'connectThrough' | 'connectGarbled'> => ({
  connectThrough: (owner, around) => connectWith({ around }, owner),
  connectGarbled: (owner) => connectWith({ garbles: true }, owner),
});

/** STS and Secrets Manager of two accounts, behind the addresses of this process. */
const openAccounts = async () => {
  const now = Date.now;
  const server = await startAwsServer(0, now);
  const [roles, sessions] = [createRoles(), createSessions(now)];
  const principalOf = (caller: string) =>
    sessions.find(caller)?.role ?? { account: HERE, arn: `arn:aws:iam::${HERE}:role/relay-x` };
  const manager = createSecretsManager({ region: 'eu-west-1', accountOf: (caller) => principalOf(caller).account });
  server.serve('sts', createSts({ roles, sessions, principalOf, now }));
  server.serve('secretsmanager', manager.http);
  vi.stubEnv('AWS_ENDPOINT_URL', server.endpoint);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'relay');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  roles.add({
    arn: ROLE,
    trust: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: HERE },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'relay-7' } },
      },
    },
    policies: [],
  });
  return { server, manager, sessions, roles };
};

let accounts: Awaited<ReturnType<typeof openAccounts>>;
beforeAll(async () => {
  accounts = await openAccounts();
});
afterAll(() => accounts.server.close());

const connectThere = (owner: string, externalId = 'relay-7') =>
  awsSecretsManager.connect(
    awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', roleArn: ROLE, externalId, region: 'eu-west-1' }),
    { owner, encryptionKey: 'the key of the stack', ...UNPACED },
  );

describeStore('AWS Secrets Manager in another account and region', {
  rules: awsSecretsManagerRules,
  async open() {
    const { manager, sessions, roles } = accounts;
    const role = roles.find(ROLE);
    if (role === undefined) throw new Error('There is no role.');
    const operator = sessions.start({ role, name: 'operator', expiresAt: Number.POSITIVE_INFINITY });
    return {
      connect: (owner) => connectThere(owner),
      // The assumed role is proven by all other tests; here, only the account and the region are those of the role.
      ...interceptedBy((options, owner) => {
        const there = { caller: operator.accessKeyId, region: 'eu-west-1' };
        return createAwsSecretsManagerStore({
          client: connectInProcess(manager, { ...there, ...options }),
          owner,
          sleep: noWait,
        });
      }),
      readable: async (name) => [manager.currentValues(THERE, 'eu-west-1')[name] ?? []].flat(),
      everythingVisible: async () => JSON.stringify(manager.calls),
      ...operatorOf(connectInProcess(manager, { caller: operator.accessKeyId, region: 'eu-west-1' })),
    };
  },
});

describe('a store in another account', () => {
  test('delivers nothing to the account of the stack, and uses the key of neither', async () => {
    const store = connectThere(`relay.${HERE}.eu-central-1/own`);
    await store.deliver({ ...delivery(1, 'own/one'), expected: 'absent' });
    expect(accounts.manager.currentValues(THERE)).toMatchObject({ 'own/one': 'value of 1' });
    expect(accounts.manager.currentValues(HERE)).toEqual({});
    expect(accounts.manager.currentValues(THERE, 'eu-central-1')).toEqual({});
    expect(accounts.server.callCounts()['sts.Query']).toBe(1);
    const role = accounts.roles.find(ROLE);
    if (role === undefined) throw new Error('There is no role.');
    const { accessKeyId } = accounts.sessions.start({ role, name: 'reader', expiresAt: Number.POSITIVE_INFINITY });
    const described = accounts.manager.handle('DescribeSecret', { SecretId: 'own/one' }, accessKeyId, 'eu-west-1');
    expect(described['KmsKeyId']).toBeUndefined();
  });

  test('whose role refuses the relay says who must be trusted, and never the external id', async () => {
    const store = connectThere(`relay.${HERE}.eu-central-1/own`, 'another-id');
    const refusal = await refusalOf(store.inspect('own/one'));
    expect(refusal).toMatchObject({ name: 'StoreDenied', retryable: false });
    expect(refusal.message).toContain(`${ROLE} was refused (AccessDenied)`);
    expect(refusal.message).toContain(`arn:aws:iam::${HERE}:role/relay-*`);
    expect(refusal.message).toContain('externalId');
    expect(refusal.message).toContain(`pam-relay role --account ${HERE}`);
    expect(refusal.message).not.toContain('another-id');
  });

  test.each([
    ['roleArn', { roleArn: `arn:aws:iam::${HERE}:role/x`, externalId: 'relay-7' }],
    ['region', { region: 'eu-central-1' }],
    ['replicaRegions', { replicaRegions: ['eu-central-1'] }],
    ['region', { roleArn: ROLE, externalId: 'relay-7', region: 'eu-central-1' }],
    ['replicaRegions', { roleArn: ROLE, externalId: 'relay-7', replicaRegions: ['eu-central-1'] }],
  ])('is refused if its %s is that of the stack', (setting, settings) => {
    const parsed = awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', ...settings });
    const owner = `relay.${HERE}.eu-central-1/web`;
    expect(() => awsSecretsManager.connect(parsed, { owner, encryptionKey: undefined, ...UNPACED })).toThrow(
      expect.objectContaining({ name: 'ConfigurationInvalid', message: expect.stringContaining(setting) }),
    );
  });
});

const delivery = (generation: number, name: string): Omit<Delivery, 'expected'> => ({
  name,
  value: new Secret(`value of ${generation}`),
  stamp: stamp(generation),
  description: 'svc on web01',
});

const REPLICA = 'eu-west-1';
/** A store with replicas, and clients of both regions. */
const replicated = (options: Parameters<typeof createSecretsManager>[0] = {}, regions = [REPLICA]) => {
  const manager = createSecretsManager(options);
  const owner = `relay.${HERE}.eu-central-1/web`;
  const connect = (region?: string) => connectInProcess(manager, region === undefined ? {} : { region });
  const store = createAwsSecretsManagerStore({
    client: connect(),
    owner,
    sleep: noWait,
    replicas: {
      regions: regions.map((region) => ({ region, kmsKeyArn: undefined })),
      clientIn: connect,
    },
  });
  const plain = createAwsSecretsManagerStore({ client: connect(), owner, sleep: noWait });
  return {
    manager,
    owner,
    store,
    plain,
    connect,
    there: (name: string) => manager.currentValues(HERE, REPLICA)[name],
  };
};

describeStore('AWS Secrets Manager with a replica', {
  rules: awsSecretsManagerRules,
  async open() {
    const manager = createSecretsManager();
    const connect = (region?: string) => connectInProcess(manager, region === undefined ? {} : { region });
    const regions = [{ region: REPLICA, kmsKeyArn: undefined }];
    return {
      connect: (owner) =>
        createAwsSecretsManagerStore({
          client: connect(),
          owner,
          replicas: { regions, clientIn: connect },
          sleep: noWait,
        }),
      ...interceptedBy((options, owner) => {
        const via = (region?: string) =>
          connectInProcess(manager, { ...options, ...(region !== undefined && { region }) });
        return createAwsSecretsManagerStore({
          client: via(),
          owner,
          replicas: { regions, clientIn: via },
          sleep: noWait,
        });
      }),
      ...operatorOf(connect()),
      // A restored secret has no replica any more, so both regions are read as they are.
      readable: async (name) =>
        [manager.currentValues()[name] ?? [], manager.currentValues(HERE, REPLICA)[name] ?? []].flat(),
      everythingVisible: async () => JSON.stringify(manager.calls),
    };
  },
});

describe('replicas', () => {
  test('are created with a secret and follow its changes', async () => {
    const { store, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(there('prod/a')).toBe('value of 1');
    await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(there('prod/a')).toBe('value of 2');
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(2) }]);
  });

  test('that a secret lacks are listed as such, and added without its value', async () => {
    const { store, plain, there, manager } = replicated();
    await plain.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1), incomplete: true }]);
    manager.forgetCalls();
    expect(await store.complete?.('prod/a')).toBeUndefined();
    expect(manager.callCounts()).toEqual({ DescribeSecret: 1, ReplicateSecretToRegions: 1 });
    expect(there('prod/a')).toBe('value of 1');
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1) }]);
  });

  test('in progress are neither missing nor failed', async () => {
    const { store } = replicated({ replicationMs: 60_000 });
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1) }]);
  });

  test('that failed leave the secret delivered, are reported with the reason, and are tried again by a delivery', async () => {
    const { store, connect, there } = replicated();
    const foreign = connect(REPLICA);
    await foreign.send(new CreateSecretCommand({ Name: 'prod/a', SecretString: 'theirs' }));
    expect(await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' })).toMatchObject({ changed: true });
    const [listed] = await collect(store);
    expect(listed).toMatchObject({ stamp: stamp(1) });
    expect(listed).not.toHaveProperty('incomplete');
    expect(listed?.warning).toMatch(/^The replica of the secret prod\/a in eu-west-1 failed: .*already exists/);
    expect(listed?.warning).toContain(
      'aws secretsmanager replicate-secret-to-regions --secret-id prod/a --add-replica-regions Region=eu-west-1',
    );
    expect(there('prod/a')).toBe('theirs');

    await foreign.send(new DeleteSecretCommand({ SecretId: 'prod/a', ForceDeleteWithoutRecovery: true }));
    await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(there('prod/a')).toBe('value of 2');
  });

  test('that failed are reported with the reason of AWS escaped and shortened', async () => {
    const { manager, owner, store } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const status = { Region: REPLICA, Status: 'Failed', StatusMessage: `\u001B[2J\n${'x'.repeat(5000)}` };
    const failing = {
      ...manager,
      handle: (...[action, ...rest]: Parameters<typeof manager.handle>) => ({
        ...manager.handle(action, ...rest),
        ...(action === 'DescribeSecret' && { ReplicationStatus: [status] }),
      }),
    };
    const other = createAwsSecretsManagerStore({
      client: connectInProcess(failing),
      owner,
      replicas: {
        regions: [{ region: REPLICA, kmsKeyArn: undefined }],
        clientIn: () => connectInProcess(manager, { region: 'eu-north-1' }),
      },
    });
    const [listed] = await collect(other);
    expect(listed?.warning).toContain('failed: \\u{1B}[2J\\u{A}xxx');
    expect(listed?.warning?.length).toBeLessThan(700);
  });

  test('that cannot be started do not fail the delivery', async () => {
    const { store, manager, plain } = replicated();
    await plain.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    manager.faults.denyAction('ReplicateSecretToRegions');
    const delivered = await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(delivered).toMatchObject({ changed: true, warning: expect.stringContaining('ReplicateSecretToRegions') });
    expect(manager.currentValues()).toEqual({ 'prod/a': 'value of 2' });
  });

  test('are removed before the secret, also after a stop in between', async () => {
    const { store, there, manager } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    manager.faults.add({ kind: 'reset', action: 'DeleteSecret', times: 1 });
    await expect(store.retire('prod/a', 7)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(there('prod/a')).toBeUndefined();
    expect(await store.retire('prod/a', 7)).toBe(true);
    expect(await store.inspect('prod/a')).toMatchObject({ retired: true });
  });

  test('that relay.yaml does not name are removed before the secret as well', async () => {
    const { store, plain, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await plain.retire('prod/a', 7)).toBe(true);
    expect(there('prod/a')).toBeUndefined();
    expect(await plain.inspect('prod/a')).toMatchObject({ retired: true });
  });

  test.each([
    ['wait for AWS to remove them', 2, true],
    ['leave the deletion to the next run if that lasts', 9, false],
  ])('%s', async (_what, removedAfter, isRetired) => {
    const manager = createSecretsManager();
    let sleeps = 0;
    // AWS answers a removal before it is done.
    const slow = {
      ...manager,
      handle: (...[action, body, ...from]: Parameters<typeof manager.handle>) =>
        action === 'RemoveRegionsFromReplication'
          ? manager.handle('DescribeSecret', { SecretId: 'prod/a' }, ...from)
          : manager.handle(action, body, ...from),
    };
    const connect = () => connectInProcess(slow);
    const sleep = async () => {
      sleeps += 1;
      const removal = { SecretId: 'prod/a', RemoveReplicaRegions: [REPLICA] };
      if (sleeps === removedAfter) manager.handle('RemoveRegionsFromReplication', removal);
    };
    const regions = [{ region: REPLICA, kmsKeyArn: undefined }];
    const store = createAwsSecretsManagerStore({
      client: connect(),
      owner: `relay.${HERE}.eu-central-1/web`,
      replicas: { regions, clientIn: connect },
      sleep,
    });
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const retiring = store.retire('prod/a', 7);
    if (isRetired) expect(await retiring).toBe(true);
    else expect(await refusalOf(retiring)).toMatchObject({ name: 'StoreUnavailable', retryable: true });
    expect(sleeps).toBe(isRetired ? 2 : 4);
  });

  test('are foreign in their own region: not listed, not written, and told apart', async () => {
    const { store, owner, connect, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const other = createAwsSecretsManagerStore({ client: connect(REPLICA), owner });
    expect(await collect(other)).toEqual([]);
    expect(await other.inspect('prod/a')).toEqual({ kind: 'foreign', replicaOf: 'eu-central-1' });
    for (const expected of ['absent', { stamp: stamp(1) }] as const) {
      const refusal = await refusalOf(other.deliver({ ...delivery(2, 'prod/a'), expected }));
      expect(refusal).toMatchObject({ name: 'SecretForeign' });
      expect(refusal.message).toContain('is a replica of the secret of that name in eu-central-1');
      expect(refusal.message).toContain('aws secretsmanager stop-replication-to-replica --secret-id prod/a');
    }
    expect(await other.retire('prod/a', 7)).toBe(false);
    expect(there('prod/a')).toBe('value of 1');
  });
});
