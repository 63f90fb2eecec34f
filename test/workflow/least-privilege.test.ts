import { join } from 'node:path';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { localClientConfig } from '#local/aws/resources.ts';
import { readHistory } from '#local/aws/step-functions/history.ts';
import { filesBelow } from '#local/canaries.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { OWNER_TAG, ownerOf, tokenSecretName } from '#shared/names.ts';
import { recordAt } from '#shared/records/records.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { upkeepSteps } from '#shared/workflows/upkeep.ts';
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
    configure: (config) => {
      const sync = ['syncs', NAMES.sync];
      // Paced writes use the records of the limits.
      config.setIn(['stores', NAMES.store, 'writesPerSecond'], 50);
      config.setIn([...sync, 'name'], `${NAMES.secretPrefix}{systemName}/{accountName}`);
      // With a batch for each account, the twins collide after the batch of one of them is written.
      config.setIn([...sync, 'batchSize'], 1);
      config.setIn([...sync, 'orphans'], config.createNode({ policy: 'delete', budget: 5 }));
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

/** A delivered secret whose account is gone. */
const makeOrphan = (): string => {
  const Name = `${NAMES.secretPrefix}gone/account`;
  const owner = ownerOf(`${RELAY}.000000000000.us-east-1`, NAMES.sync);
  asOperator('CreateSecret', {
    Name,
    ClientRequestToken: crypto.randomUUID(),
    SecretString: 'of a removed account',
    Tags: [{ Key: OWNER_TAG, Value: owner }],
  });
  return Name;
};

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
    const orphan = makeOrphan();
    const retired = aDeliveredName();
    asOperator('DeleteSecret', { SecretId: retired, RecoveryWindowInDays: 7 });
    changeEverything();
    await world.runSync();
    expect(asOperator('DescribeSecret', { SecretId: orphan })).not.toHaveProperty('DeletedDate');
    // An orphan is retired by the second run that misses it.
    await world.runSync();
    expect(world.aws.permissions.denials).toEqual([]);
    expect(asOperator('DescribeSecret', { SecretId: orphan })).toHaveProperty('DeletedDate');
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

  const deleteRecord = async (Key: string) => {
    const [bucket] = world.aws.template.ofType('AWS::S3::Bucket');
    const s3 = new S3Client(localClientConfig(world.aws.endpoint));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket?.identity.name, Key }));
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

  const FOREIGN = `${NAMES.secretPrefix}of/others`;
  const OURS = { Key: OWNER_TAG, Value: `${RELAY}.000000000000.us-east-1/${NAMES.sync}` };
  const newSecret = (Name: string, ...Tags: readonly { Key: string; Value: string }[]) => ({
    Name,
    Tags,
    SecretString: 'anything',
    ClientRequestToken: crypto.randomUUID(),
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    ['read a secret of others in its folder', 'sync-retrieve', 'GetSecretValue', { SecretId: FOREIGN }],
    ['overwrite one', 'sync-retrieve', 'PutSecretValue', { SecretId: FOREIGN, SecretString: 'anything' }],
    ['delete one', 'sync-retrieve', 'DeleteSecret', { SecretId: FOREIGN }],
    ['create a secret outside of its folder', 'sync-retrieve', 'CreateSecret', newSecret('elsewhere/a', OURS)],
    ['create one without its owner tag', 'sync-retrieve', 'CreateSecret', newSecret('fleet/a')],
    [
      'create one as another relay',
      'sync-retrieve',
      'CreateSecret',
      newSecret('fleet/a', { ...OURS, Value: 'other.1.r/s' }),
    ],
    [
      'create one with a further tag',
      'sync-retrieve',
      'CreateSecret',
      newSecret('fleet/a', OURS, { Key: 'team', Value: 'red' }),
    ],
    ['read a delivered secret', 'sync-request', 'GetSecretValue', { SecretId: `${NAMES.secretPrefix}gone/account` }],
    ['sign in', 'sync-report', 'GetSecretValue', { SecretId: 'bootstrap/vault' }],
  ])('does not let it %s (%s)', (_what, step, action, body) => {
    if (world.aws.secretsManager.currentValues()[FOREIGN] === undefined) asOperator('CreateSecret', newSecret(FOREIGN));
    const attempt = () => world.aws.secretsManager.handle(action, body, `${RELAY}-${step}`);
    expect(attempt).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  });
});
