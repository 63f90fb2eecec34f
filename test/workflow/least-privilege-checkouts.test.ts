import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workflow } from '#infra/definition.ts';
import { NAMES } from '#local/world.ts';
import { tokenSecretName } from '#shared/names.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { usedByLambdaItself } from '#test/support/grants.ts';

/**
 * As least-privilege.test.ts, for what checkouts and messages add: a story in which everything happens that a function has
 * a permission for shows both what is missing and what is too much.
 */

const RELAY = 'local';
const QUEUE = `${RELAY}-intake`;
const TOKEN = tokenSecretName(RELAY, NAMES.connection);
const HOUR_MS = 3_600_000;

/** The functions that only checkouts and messages need. */
const OWN = [`${RELAY}-intake-queue`, `${RELAY}-retire`, `${RELAY}-watch`] as const;

let world: CheckoutWorld;
beforeAll(async () => {
  world = await startCheckoutWorld({ rules: { consoles: { handsOut: 'ssh-ticket' } } });
}, 120_000);
afterAll(() => world.close());

const send = async (...messages: readonly unknown[]): Promise<void> => {
  await world.aws.queues.send(QUEUE, ...messages.map((message) => JSON.stringify(message)));
  await world.aws.eventSources.drained(QUEUE);
};

const asking = (id: string, rank: number, checkout = RULE) => {
  const { systemName: system, accountName: account } = world.plain(rank);
  const accounts = [{ system, account }];
  return { type: 'checkout.requested', checkout, id, accounts, window: { minutes: 60 }, reason: 'Replace a disk' };
};

const latest = (machine: Workflow) => {
  const [execution] = world.executions(machine);
  if (execution === undefined) throw new Error(`Nothing has run in ${machine}.`);
  return execution;
};

/** The cache as the stack makes it, without a token. */
const emptyTokenCache = () => {
  const manager = world.aws.secretsManager;
  const { KmsKeyId } = manager.handle('DescribeSecret', { SecretId: TOKEN });
  manager.handle('DeleteSecret', { SecretId: TOKEN, ForceDeleteWithoutRecovery: true });
  manager.handle('CreateSecret', { Name: TOKEN, KmsKeyId, ClientRequestToken: crypto.randomUUID() });
};

/** Lets `watch` look whether a request was approved, once with a token that has run out and once with none at all. */
const watchWithoutToken = async (id: string): Promise<void> => {
  const leases = [{ item: 0, requestId: 1, status: 'pending' }];
  const at = new Date(world.clock.now()).toISOString();
  const order = { type: 'checkout.requested', checkout: RULE, id };
  const input = JSON.stringify({ run: `${RULE}.${id}`, order, requested: { at, conflict: false, leases } });
  world.clock.advance(2 * HOUR_MS);
  expect(await world.aws.functions.invoke(`${RELAY}-watch`, input)).toMatchObject({ ok: true });
  emptyTokenCache();
  expect(await world.aws.functions.invoke(`${RELAY}-watch`, input)).toMatchObject({ ok: true });
};

describe('the role of each function, with checkouts', () => {
  beforeAll(async () => {
    // One that comes to its end, twice asked for; one that is refused; an account that has changed.
    const first = asking('CHG1', 0);
    await send(
      first,
      { type: 'checkout.closed' },
      { type: 'credential.changed', connection: 'vault', ...first.accounts[0] },
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

    // A session that is released, and a checkout that dies.
    await send(asking('CHG2', 1, 'consoles'));
    await world.waits(latest('checkout'));
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
    expect(await world.unclosed()).toEqual([expect.stringContaining('CHG2')]);

    await watchWithoutToken('CHG1');
  }, 120_000);

  it('allows all that the function does', () => {
    expect(world.aws.permissions.denials).toEqual([]);
    expect(world.aws.server.unknownCalls).toEqual([]);
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

  it.each([
    ['retire', 'GetSecretValue', {}],
    ['retire', 'PutSecretValue', { SecretString: 'anything' }],
    ['watch', 'DescribeSecret', {}],
    ['intake-queue', 'DescribeSecret', {}],
  ])('does not let %s call %s for what a checkout has delivered', async (step, action, more) => {
    const { vault, aws } = world;
    await send(asking(`CHG-${step}-${action}`, 3));
    await world.waits(latest('checkout'));
    const [SecretId] = Object.keys(world.delivered(`CHG-${step}-${action}`));
    const attempt = () => aws.secretsManager.handle(action, { SecretId, ...more }, `${RELAY}-${step}`);
    expect(attempt).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
    await world.finish(latest('checkout'));
    expect(vault.openRequests()).toEqual([]);
  });
});
