import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationResult } from '#local/aws/functions/protocol.ts';
import { LOCAL_STORES } from '#local/stores.ts';
import { NAMES } from '#local/world.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { tokenSecretName } from '#shared/names.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { intakeSteps } from '#shared/workflows/intake.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { identityOf } from '#test/support/checkouts.ts';
import { usedByLambdaItself } from '#test/support/grants.ts';

/**
 * Like least-privilege.test.ts, for checkouts and messages: a scenario that uses every permission of every function
 * shows both missing and excess permissions.
 */

const RELAY = 'local';
const QUEUE = `${RELAY}-intake`;
const TOKEN = tokenSecretName(RELAY, NAMES.connection);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The functions that only checkouts and messages need. */
const OWN = [...Object.values(checkoutSteps), ...Object.values(intakeSteps)].map(
  (step: Pick<Step, 'folder'>) => `${RELAY}-${functionName(step)}`,
);

let world: CheckoutWorld;
beforeAll(async () => {
  world = await startCheckoutWorld({
    stores: LOCAL_STORES,
    rule: { stores: LOCAL_STORES },
    rules: { consoles: { delivers: 'ssh-ticket', stores: ['aws'] } },
    // Paced writes use the records of the limits.
    configure: (config) => config.setIn(['stores', NAMES.store, 'writesPerSecond'], 50),
  });
}, 120_000);
afterAll(() => world.close());

const send = async (...messages: readonly unknown[]): Promise<void> => {
  await world.aws.queues.send(QUEUE, ...messages.map((message) => JSON.stringify(message)));
  await world.aws.eventSources.drained(QUEUE);
};

const asking = (id: string, rank: number, checkout = RULE) => {
  const { systemName, accountName } = world.plain(rank);
  const items = [{ systemName, accountName }] as const;
  return {
    type: 'checkout.requested',
    checkout,
    id,
    items,
    window: { minutes: 60 },
    reason: 'Replace a disk',
    ticket: id,
  };
};

const latest = (machine: Machine) => {
  const [execution] = world.executions(machine);
  if (execution === undefined) throw new Error(`Nothing has run in ${machine}.`);
  return execution;
};

/** Recreates the cache as the stack does, without a token. */
const emptyTokenCache = () => {
  const manager = world.aws.secretsManager;
  const { KmsKeyId } = manager.handle('DescribeSecret', { SecretId: TOKEN });
  manager.handle('DeleteSecret', { SecretId: TOKEN, ForceDeleteWithoutRecovery: true });
  manager.handle('CreateSecret', { Name: TOKEN, KmsKeyId, ClientRequestToken: crypto.randomUUID() });
};

/** A checkout whose steps are called one by one. */
const steps = (id: string, checkout: string, before: () => void) => {
  const identity = identityOf(id, checkout);
  const order = { ...asking(id, 4, checkout), ...identity };
  const startedAt = new Date(world.clock.now()).toISOString();
  const base = { workflow: 'checkout', rule: checkout, run: checkoutRun(identity), startedAt, order };
  return async (step: keyof typeof checkoutSteps, more: object = {}) => {
    before();
    return world.aws.functions.invoke(`${RELAY}-checkout-${step}`, JSON.stringify({ ...base, ...more }));
  };
};

/** Output of a step. @throws if the step failed. */
const answerOf = (result: InvocationResult): object => {
  if (!result.ok) throw new Error(`${result.failure.errorType}: ${result.failure.errorMessage}`);
  return JSON.parse(result.payload);
};

/** Runs each step of a checkout without a cached token, and delivers over each state of the secret. */
const playThrough = async (id: string, checkout: string, loseToken: () => void): Promise<void> => {
  const invoke = steps(id, checkout, loseToken);
  answerOf(await invoke('plan'));
  const requested = answerOf(await invoke('request'));
  // A lease that is pending for a minute, so that `watch` looks for an approval.
  const at = new Date(world.clock.now() - MINUTE_MS).toISOString();
  const pending = { at, conflict: false, leases: [{ item: 0, id: '1', status: 'pending' }] };
  answerOf(await invoke('watch', { requested: pending }));
  for (const isDeleted of [false, false, true]) {
    const names = Object.keys(world.delivered(id, checkout));
    for (const SecretId of isDeleted ? names : [])
      world.aws.secretsManager.handle('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 });
    answerOf(await invoke('retrieve', { requested }));
  }
  // By an operator: relay.yaml names no region for replicas.
  const AddReplicaRegions = [{ Region: 'eu-west-1' }];
  for (const SecretId of Object.keys(world.delivered(id, checkout)))
    world.aws.secretsManager.handle('ReplicateSecretToRegions', { SecretId, AddReplicaRegions });
  for (const step of ['checkin', 'retire', 'report'] as const) answerOf(await invoke(step, { requested }));
};

describe('the role of each function, with checkouts', () => {
  beforeAll(async () => {
    // A completed checkout, requested twice; a refused message; a changed account.
    const first = asking('CHG1', 0);
    await send(
      first,
      { type: 'checkout.closed' },
      // Another account: its sync must not wake up together with the checkout and meet its request.
      { type: 'credential.changed', connection: 'vault', item: asking('CHG0', 3).items[0] },
    );
    await send({
      type: 'checkout.extended',
      checkout: RULE,
      id: 'CHG1',
      until: new Date(world.clock.now() + 2 * HOUR_MS),
    });
    expect(await world.finish(latest('checkout'))).toMatchObject({ status: 'completed' });
    expect(await world.finish(latest('sync'))).toMatchObject({ status: 'SUCCEEDED' });
    await send(first);

    // A session that is released, and a checkout whose execution is stopped.
    await send(asking('CHG2', 1, 'consoles'));
    const released = latest('checkout');
    await world.waits(released);
    await send({ type: 'checkout.released', checkout: 'consoles', id: 'CHG2' });
    await world.finish(latest('release'));
    await send({ type: 'checkout.released', checkout: RULE, id: 'never-asked-for' });
    await world.finish(latest('release'));
    await send(asking('CHG3', 2));
    await world.waits(latest('checkout'));
    world.aws.stepFunctions.stop(latest('checkout').arn);
    for (const minutes of [0, 20]) {
      world.advance(minutes);
      await world.runReap();
      await world.finish(latest('release'));
    }
    expect(await world.unclosed()).toEqual([`open/consoles/${world.runOf('CHG2', 'consoles')}`]);
    // Otherwise it wakes up below and caches a token for the steps that have to sign in themselves.
    await world.finish(released);

    await playThrough('outlived', RULE, () => world.clock.advance(2 * HOUR_MS));
    await playThrough('lost', RULE, emptyTokenCache);
    await playThrough('lost', 'consoles', emptyTokenCache);
    for (const step of ['request', 'retrieve'] as const) {
      const result = await steps('never-planned', RULE, () => {})(step);
      expect(result).toMatchObject({ failure: { errorType: 'ContractViolated' } });
    }
  }, 120_000);

  it('allows everything that the function does', () => {
    expect(world.aws.permissions.denials).toEqual([]);
    expect(world.aws.server.unknownCalls).toEqual([]);
    expect(world.openBao?.audit.filter(({ status }) => status === 403)).toEqual([]);
  });

  it('allows nothing for checkouts and messages that the function does not do', () => {
    const isOwn = (grant: string) =>
      OWN.some((name) => grant.startsWith(`${name}:`)) ||
      /\/(checkouts|open|named|tickets|consoles)\/|intake|-release|-checkout/.test(grant);
    const unused = world.aws.permissions
      .unusedGrants()
      .filter(isOwn)
      .map((grant) => grant.split(' on ')[0]);
    expect(unused.toSorted()).toEqual(OWN.flatMap(usedByLambdaItself).toSorted());
  });

  it('does not let the other steps reach what a checkout delivered', async () => {
    const { vault, aws } = world;
    await send(asking('CHG4', 3));
    await world.waits(latest('checkout'));
    const [SecretId = ''] = Object.keys(world.delivered('CHG4'));
    const Name = Object.keys(aws.parameterStore.currentValues()).find((name) => name.includes('/CHG4/'));
    const { secretsManager, parameterStore } = aws;
    const attempts = [
      [secretsManager, 'checkout-retire', 'GetSecretValue', { SecretId }],
      [secretsManager, 'checkout-retire', 'PutSecretValue', { SecretId, SecretString: 'anything' }],
      [secretsManager, 'checkout-watch', 'DescribeSecret', { SecretId }],
      [secretsManager, 'intake-queue', 'DescribeSecret', { SecretId }],
      [parameterStore, 'checkout-retire', 'GetParameter', { Name }],
      [parameterStore, 'checkout-retire', 'GetParameterHistory', { Name, WithDecryption: true }],
      [parameterStore, 'checkout-retire', 'PutParameter', { Name, Value: 'anything', Overwrite: true }],
      [parameterStore, 'checkout-watch', 'ListTagsForResource', { ResourceType: 'Parameter', ResourceId: Name }],
      [parameterStore, 'intake-queue', 'GetParameter', { Name }],
    ] as const;
    for (const [store, step, action, body] of attempts) {
      const attempt = () => store.handle(action, body, `${RELAY}-${step}`);
      expect(attempt, `${action} by ${step}`).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
    }
    await world.finish(latest('checkout'));
    expect(vault.openRequests()).toEqual([]);
  });
});
