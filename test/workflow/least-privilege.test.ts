import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { localClientConfig } from '#local/aws/resources.ts';
import { readHistory } from '#local/aws/step-functions/history.ts';
import { filesBelow } from '#local/canaries.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { LOCAL_STORES } from '#local/stores.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { OWNER_TAG, ownerOf, tokenSecretName } from '#shared/names.ts';
import { recordAt } from '#shared/records/records.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { upkeepSteps } from '#shared/workflows/upkeep.ts';
import { createAdmin } from '#test/contract/stores/kv-v2-bench.ts';
import { usedByLambdaItself } from '#test/support/grants.ts';

/**
 * The simulated AWS enforces the role of each function in the synthesised template. A scenario that uses every
 * permission of every function therefore shows both missing and excess permissions.
 */

const HOUR_MS = 3_600_000;
const RELAY = 'local';
const TOKEN = tokenSecretName(RELAY, NAMES.connection);

/** An account whose secret gets the same name. */
const twinOf = (account: FleetAccount): FleetAccount => ({
  ...account,
  accountId: 900,
  systemId: 900,
  domainName: 'TWIN',
});

let world: World;
/** Calls that were denied while the functions ran. */
let denials: readonly string[];
beforeAll(async () => {
  world = await startWorld({
    accounts: 12,
    seed: 5,
    populate: (fleet) => [...fleet, ...fleet.slice(1, 2).map(twinOf)],
    waitScale: 0,
    stores: LOCAL_STORES,
    configure: (config) => {
      const sync = ['syncs', NAMES.sync];
      // Paced writes use the records of the limits.
      config.setIn(['stores', NAMES.store, 'writesPerSecond'], 50);
      config.setIn([...sync, 'name'], `${NAMES.secretPrefix}{systemName}/{accountName}`);
      // With a batch for each account, the twins collide after the batch of one of them is written.
      config.setIn([...sync, 'batchSize'], 1);
      config.setIn([...sync, 'orphans'], config.createNode({ policy: 'delete', recoveryDays: 'none', budget: 5 }));
      config.setIn([...sync, 'verify'], config.createNode({ expression: 'rate(1 day)' }));
    },
  });
});
afterAll(() => world.close());

/** The secret of an account of kind plain. */
const aDeliveredName = (): string => {
  const plain = world.vault.accounts().filter(({ kind }) => kind === 'plain');
  const isPlain = (value: string) => plain.some(({ credential }) => value.includes(JSON.stringify(credential)));
  return Object.entries(world.aws.secretsManager.currentValues()).find(([, value]) => isPlain(value))?.[0] ?? '';
};

const asOperator = (action: string, body: Record<string, unknown>) => world.aws.secretsManager.handle(action, body);

const ORPHAN = `${NAMES.secretPrefix}gone/account`;

/** A delivered secret in each store whose account is gone. */
const makeOrphans = async (): Promise<void> => {
  const value = 'of a removed account';
  const owner = ownerOf(`${RELAY}.000000000000.us-east-1`, NAMES.sync);
  const Tags = [{ Key: OWNER_TAG, Value: owner }];
  asOperator('CreateSecret', { Name: ORPHAN, ClientRequestToken: crypto.randomUUID(), SecretString: value, Tags });
  // By hand: relay.yaml names no region for replicas.
  asOperator('ReplicateSecretToRegions', { SecretId: ORPHAN, AddReplicaRegions: [{ Region: 'eu-west-1' }] });
  world.aws.parameterStore.handle('PutParameter', { Name: `/${ORPHAN}`, Value: value, Type: 'SecureString', Tags });
  await world.openBao?.write(`secret/data/pam-relay/${ORPHAN}`, { data: { value } });
  await world.openBao?.write(`secret/metadata/pam-relay/${ORPHAN}`, { custom_metadata: { [OWNER_TAG]: owner } });
};

/** The stores that hold a secret of this name. */
const storesWith = (name: string) => world.stores.flatMap(({ store, values }) => (name in values() ? [store] : []));

/** Long after the relay's check-ins, so that no change counts as caused by them, and past the expiry of any token. */
const changeEverything = () => {
  world.clock.advance(HOUR_MS);
  for (const { accountId, kind } of world.vault.accounts())
    if (kind === 'plain') world.vault.changeCredential(accountId);
  world.clock.advance(HOUR_MS);
};

/** Recreates the cache as the stack does, without a token. */
const emptyTokenCache = () => {
  const { KmsKeyId } = asOperator('DescribeSecret', { SecretId: TOKEN });
  asOperator('DeleteSecret', { SecretId: TOKEN, ForceDeleteWithoutRecovery: true });
  asOperator('CreateSecret', { Name: TOKEN, KmsKeyId, ClientRequestToken: crypto.randomUUID() });
};

const functionOf = (step: Pick<Step, 'folder'>): string => `${RELAY}-${functionName(step)}`;
const invoke = (step: Step, input: string) => world.aws.functions.invoke(functionOf(step), input);

const inputSchema = z.looseObject({
  run: z.string(),
  batch: z.int().optional(),
  requested: z.object({ leases: z.array(z.unknown()) }).optional(),
});
const enteredSchema = z.object({ name: z.string(), input: z.string() });
const signedInSchema = z.object({ auth: z.object({ client_token: z.string() }) });

/** Inputs of the tasks of the last batch that had an open lease, and of its run. */
const lastInputs = () => {
  const files = [...filesBelow(join(world.directory, 'executions'))].map(({ where }) => where);
  const entered = files
    .flatMap(readHistory)
    .filter(({ type }) => type === 'TaskStateEntered')
    .toSorted((a, b) => a.timestamp - b.timestamp)
    .map(({ stateEnteredEventDetails }) => enteredSchema.parse(stateEnteredEventDetails))
    .map(({ name, input }) => ({ name, input, parsed: inputSchema.parse(JSON.parse(input)) }));
  const last = entered.findLast(({ name, parsed }) => name === 'Retrieve' && parsed.requested?.leases.length === 1);
  const { run, batch = -1 } = inputSchema.parse(last?.parsed);
  const inputOf = (task: string): string =>
    entered.findLast(({ name, parsed }) => name === task && parsed.run === run && (parsed.batch ?? batch) === batch)
      ?.input ?? '';
  return { run, batch, inputOf };
};

/** Steps in the stack of a relay without checkouts. */
const SYNC_STEPS: readonly Step[] = [authenticate, ...Object.values(syncSteps), ...Object.values(upkeepSteps)];
const { plan, request, retrieve, checkin } = syncSteps;

const TASKS = [
  ['Authenticate', authenticate],
  ['Plan', plan],
  ['Request', request],
  ['Retrieve', retrieve],
  ['CheckIn', checkin],
] as const;

describe('the role of each function', () => {
  beforeAll(async () => {
    await world.runSync();

    // Every change that a run can make in the store.
    await makeOrphans();
    const retired = aDeliveredName();
    asOperator('DeleteSecret', { SecretId: retired, RecoveryWindowInDays: 7 });
    changeEverything();
    await world.runSync();
    expect(storesWith(ORPHAN)).toEqual(LOCAL_STORES);
    // An orphan is retired by the second run that misses it.
    await world.runSync();
    expect(world.aws.permissions.denials).toEqual([]);
    expect(storesWith(ORPHAN)).toEqual([]);
    expect(asOperator('DescribeSecret', { SecretId: retired })).not.toHaveProperty('DeletedDate');

    const verifying = await world.aws.scheduler.fire(`verify.${NAMES.sync}`, world.clock.now());
    if (verifying.kind === 'execution') await world.aws.stepFunctions.settled(verifying.execution.arn);

    // A run that can neither read nor check in.
    changeEverything();
    for (const kind of ['credential', 'checkin'] as const)
      world.vault.faults.add({ kind, effect: { type: 'status', status: 400 }, times: 10_000 });
    await world.runSync();
    world.vault.faults.clear();
    expect(world.vault.openRequests()).not.toEqual([]);
    await world.runReap();
    expect(world.vault.openRequests()).toEqual([]);

    // Every step again, once with an expired token and once without a token.
    const { run, batch, inputOf } = lastInputs();
    for (const [task, step] of TASKS) await invokeWithoutToken(step, inputOf(task));
    await invokeWithoutToken(upkeepSteps.reap, '{}');
    await leaveClaim();
    expect(await invoke(upkeepSteps.reap, '{}')).toMatchObject({ failure: { errorType: 'AnswerMalformed' } });

    // A deleted record.
    await deleteRecord(recordAt.batch({ rule: NAMES.sync, run }, batch).key);
    for (const [task, step] of TASKS.slice(2, 4)) {
      expect(await invoke(step, inputOf(task))).toMatchObject({ failure: { errorType: 'ContractViolated' } });
    }

    world.vault.switches.licence = 'invalid';
    changeEverything();
    await world.runSync();
    denials = [...world.aws.permissions.denials];
  });

  const invokeWithoutToken = async (step: Step, input: string) => {
    world.clock.advance(2 * HOUR_MS);
    await invoke(step, input);
    emptyTokenCache();
    await invoke(step, input);
  };

  const inBucket = () => {
    const [bucket] = world.aws.template.ofType('AWS::S3::Bucket');
    return { s3: new S3Client(localClientConfig(world.aws.endpoint)), Bucket: bucket?.identity.name };
  };

  const deleteRecord = async (Key: string) => {
    const { s3, Bucket } = inBucket();
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  };

  /** A claim of an earlier configuration. */
  const leaveClaim = async () => {
    const { s3, Bucket } = inBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'claims/gone.example.com/account.json', Body: '{}' }));
  };

  it('allows everything that the function does', () => {
    expect(denials).toEqual([]);
  });

  it('allows nothing that the function does not do', () => {
    const unused = world.aws.permissions.unusedGrants().map((grant) => grant.split(' on ')[0]);
    const expected = SYNC_STEPS.flatMap((step) => usedByLambdaItself(functionOf(step)));
    expect(unused.toSorted()).toEqual(expected.toSorted());
  });

  it('is used to tag a secret only in the call that creates it', () => {
    expect(world.aws.secretsManager.calls.filter(({ action }) => action === 'TagResource')).toEqual([]);
  });

  it('is refused by no store', () => {
    expect(world.openBao?.audit.filter(({ status }) => status === 403)).toEqual([]);
  });

  const FOREIGN = `${NAMES.secretPrefix}of/others`;
  const OURS = { Key: OWNER_TAG, Value: `${RELAY}.000000000000.us-east-1/${NAMES.sync}` };
  const OF_ANOTHER_RELAY = { ...OURS, Value: 'other.1.r/s' };
  const FURTHER = { Key: 'team', Value: 'red' };
  type Tag = typeof OURS;
  type Refused = [what: string, step: string, action: string, body: Record<string, unknown>];
  const newSecret = (Name: string, ...Tags: readonly Tag[]) => ({
    Name,
    Tags,
    SecretString: 'anything',
    ClientRequestToken: crypto.randomUUID(),
  });
  const newParameter = (name: string, ...Tags: readonly Tag[]) => ({
    Name: `/${name}`,
    Value: 'anything',
    Type: 'SecureString',
    ...(Tags.length > 0 && { Tags }),
  });

  it.each<Refused>([
    ['read a secret of others in its folder', 'sync-retrieve', 'GetSecretValue', { SecretId: FOREIGN }],
    ['overwrite one', 'sync-retrieve', 'PutSecretValue', { SecretId: FOREIGN, SecretString: 'anything' }],
    ['delete one', 'sync-retrieve', 'DeleteSecret', { SecretId: FOREIGN }],
    ['create a secret outside of its folder', 'sync-retrieve', 'CreateSecret', newSecret('elsewhere/a', OURS)],
    ['create one without its owner tag', 'sync-retrieve', 'CreateSecret', newSecret('fleet/a')],
    ['create one as another relay', 'sync-retrieve', 'CreateSecret', newSecret('fleet/a', OF_ANOTHER_RELAY)],
    ['create one with a further tag', 'sync-retrieve', 'CreateSecret', newSecret('fleet/a', OURS, FURTHER)],
    ['read a delivered secret', 'sync-request', 'GetSecretValue', { SecretId: ORPHAN }],
    ['sign in', 'sync-report', 'GetSecretValue', { SecretId: 'bootstrap/vault' }],
  ])('does not let it %s (%s)', (_what, step, action, body) => {
    if (world.aws.secretsManager.currentValues()[FOREIGN] === undefined) asOperator('CreateSecret', newSecret(FOREIGN));
    const attempt = () => world.aws.secretsManager.handle(action, body, `${RELAY}-${step}`);
    expect(attempt).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  });

  const OTHERS = { Name: `/${FOREIGN}`, WithDecryption: true };
  const OVERWRITING = { ...newParameter(FOREIGN), Overwrite: true };
  const DELIVERED = { Name: `/${ORPHAN}`, WithDecryption: true };
  it.each<Refused>([
    ['read a parameter of others in its folder', 'sync-retrieve', 'GetParameter', OTHERS],
    ['read its history', 'sync-request', 'GetParameterHistory', { ...OTHERS, WithDecryption: false }],
    ['overwrite one', 'sync-retrieve', 'PutParameter', OVERWRITING],
    ['delete one', 'sync-retrieve', 'DeleteParameter', { Name: OTHERS.Name }],
    ['create a parameter outside of its folder', 'sync-retrieve', 'PutParameter', newParameter('elsewhere/a', OURS)],
    ['create one without its owner tag', 'sync-retrieve', 'PutParameter', newParameter('fleet/a')],
    ['create one as another relay', 'sync-retrieve', 'PutParameter', newParameter('fleet/a', OF_ANOTHER_RELAY)],
    ['create one with a further tag', 'sync-retrieve', 'PutParameter', newParameter('fleet/a', OURS, FURTHER)],
    ['read a delivered parameter', 'sync-request', 'GetParameter', DELIVERED],
    ['decrypt its history', 'sync-plan', 'GetParameterHistory', DELIVERED],
    ['list parameters', 'sync-report', 'DescribeParameters', {}],
  ])('does not let it %s (%s)', (_what, step, action, body) => {
    const { parameterStore } = world.aws;
    const existing = parameterStore.currentValues();
    if (!(OTHERS.Name in existing)) parameterStore.handle('PutParameter', newParameter(FOREIGN));
    if (!(DELIVERED.Name in existing)) parameterStore.handle('PutParameter', newParameter(ORPHAN, OURS));
    const attempt = () => parameterStore.handle(action, body, `${RELAY}-${step}`);
    expect(attempt).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  });

  const TOKEN_OF_A_STORE = {
    Audience: ['https://openbao.example.com'],
    DurationSeconds: 300,
    SigningAlgorithm: 'ES384',
  };
  const requestToken = async (step: string, changes: Partial<typeof TOKEN_OF_A_STORE> = {}) => {
    const credentials = { accessKeyId: `${RELAY}-${step}`, secretAccessKey: 'local' };
    const sts = new STSClient({ ...localClientConfig(world.aws.endpoint), credentials, maxAttempts: 1 });
    const { WebIdentityToken = '' } = await sts.send(
      new GetWebIdentityTokenCommand({ ...TOKEN_OF_A_STORE, ...changes }),
    );
    return WebIdentityToken;
  };

  it.each<[string, string, Partial<typeof TOKEN_OF_A_STORE>]>([
    ['for another audience', 'sync-retrieve', { Audience: ['https://elsewhere.example.com'] }],
    ['for a second audience', 'sync-retrieve', { Audience: [...TOKEN_OF_A_STORE.Audience, 'https://elsewhere'] }],
    ['for longer', 'sync-retrieve', { DurationSeconds: 301 }],
    ['without the permission for a store', 'sync-report', {}],
    ['without the permission for a store', 'sync-checkin', {}],
    ['without the permission for a store', 'authenticate', {}],
    ['without the permission for a store', 'upkeep-reap', {}],
  ])('does not let it request a web identity token %s (%s)', async (_what, step, changes) => {
    await expect(requestToken(step, changes)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('lets it reach no secret of OpenBao outside of its folder', async () => {
    const { openBao } = world;
    if (openBao === undefined) throw new Error('The world has no OpenBao.');
    await openBao.write('secret/data/elsewhere/a', { data: { value: 'theirs' } });
    const login = { role: 'pam-relay', jwt: await requestToken('sync-retrieve') };
    const { text } = await createAdmin(openBao)('POST', 'auth/jwt/login', login);
    const { auth } = signedInSchema.parse(JSON.parse(text));
    const call = createAdmin({ ...openBao, rootToken: auth.client_token });
    const refused = [
      await call('GET', 'secret/data/elsewhere/a'),
      await call('POST', 'secret/data/elsewhere/a', { data: { value: 'ours' } }),
      await call('DELETE', 'secret/metadata/elsewhere/a'),
      await call('GET', 'secret/detailed-metadata/?scan=true'),
      await call('POST', 'secret/destroy/pam-relay/fleet/a', { versions: [1] }),
      await call('GET', 'sys/policies/acl/pam-relay'),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
  });
});
