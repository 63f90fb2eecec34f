import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { machineArn } from '#local/executions.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld } from '#test/support/checkout-world.ts';

const ROUTE = 'servicenow';
const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOUR = 3_600_000;

const exampleSchema = z.object({ webhooks: z.object({ [ROUTE]: z.looseObject({}) }) });
const EXAMPLE = exampleSchema.parse(parse(readFileSync('examples/webhooks.yaml', 'utf8'))).webhooks[ROUTE];

describe('the changes of a ticket system', () => {
  let world: CheckoutWorld;
  beforeAll(async () => {
    world = await startCheckoutWorld({
      configure: (config) => {
        config.setIn(['webhooks', ROUTE], config.createNode({ ...EXAMPLE, checkout: RULE }));
        const { accountName } = createFleet({ accounts: 10, seed: 5 }).find(({ kind }) => kind === 'plain') ?? {};
        config.setIn(['webhooks', ROUTE, 'ticket', 'items', 'labels', 'accountName'], { text: accountName });
      },
    });
    world.aws.secretsManager.handle('CreateSecret', {
      Name: 'webhooks/servicenow',
      ClientRequestToken: crypto.randomUUID(),
      SecretString: JSON.stringify({ keys: [KEY] }),
    });
  });
  afterAll(() => world.close());

  const at = (ms: number) => new Date(world.clock.now() + ms).toISOString().slice(0, 19).replace('T', ' ');
  const change = (number: string, more: Readonly<Record<string, string>>) => ({
    number,
    state: '-1',
    approval: 'approved',
    start_date: at(-HOUR),
    end_date: at(HOUR),
    short_description: 'Patch the database',
    cmdb_ci: world.plain(0).systemName,
    ...more,
  });

  let deliveries = 0;
  const post = async (body: object, { key = KEY, path = ROUTE } = {}): Promise<number> => {
    const text = JSON.stringify(body);
    const id = `msg_${deliveries++}`;
    const now = new Date(world.clock.now());
    const response = await fetch(`${world.aws.httpApis.urlOf('local-webhooks')}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(key).sign(id, now, text),
      },
      body: text,
    });
    expect(await response.text()).toBe(path === ROUTE ? '' : '{"message":"Not Found"}');
    return response.status;
  };
  const handled = () => world.aws.eventSources.drained('local-tickets');
  const refused = async () =>
    (await world.aws.queues.messages('local-tickets-refused')).map(({ attributes }) => attributes['reason']);
  const checkouts = (number: string) =>
    world.aws.stepFunctions
      .list(machineArn(world, 'checkout'))
      .filter(({ input }) => input.includes(`"id":"${number}.`));

  it('open a checkout for their window, and close it when they are closed', async () => {
    const deploy = { cmdb_ci: world.plain(0).systemName };
    expect(await post(change('CHG1', { sys_mod_count: '1', ...deploy }))).toBe(202);
    expect(await post(change('CHG1', { sys_mod_count: '1', ...deploy }))).toBe(202);
    await handled();
    expect(await refused()).toEqual([]);
    const [checkout, ...more] = checkouts('CHG1');
    expect(more).toEqual([]);
    if (checkout === undefined) throw new Error('Nothing was opened.');
    await world.waitsUntil(checkout, () => world.vault.openRequests().length === 1);
    expect(await post(change('CHG1', { sys_mod_count: '2', state: '3' }))).toBe(202);
    await handled();
    await world.finish(checkout);
    expect(world.vault.openRequests()).toEqual([]);
  });

  it('end at a time that is set while the checkout is open, although its execution sleeps', async () => {
    expect(await post(change('CHG3', { sys_mod_count: '1' }))).toBe(202);
    await handled();
    const [checkout] = checkouts('CHG3');
    if (checkout === undefined) throw new Error('Nothing was opened.');
    await world.waitsUntil(checkout, () => world.vault.openRequests().length === 1);
    expect(Object.keys(world.delivered('CHG3.1'))).toHaveLength(1);
    const end = at(10 * 60_000);
    expect(await post(change('CHG3', { sys_mod_count: '2', end_date: end }))).toBe(202);
    await handled();
    expect(await refused()).toEqual([]);
    const [ending] = world.executions('release').filter(({ input }) => input.includes('checkout.shortened'));
    if (ending === undefined) throw new Error('No execution ends the checkout.');
    expect(await world.waits(ending)).toBeGreaterThan(9);
    expect(world.vault.openRequests()).toHaveLength(1);
    world.advance(10);
    await world.finish(ending);
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.delivered('CHG3.1')).toEqual({});
    expect(await world.finish(checkout)).toMatchObject({ status: 'completed' });
    expect(await world.reportOf('CHG3.1')).toMatchObject({ status: 'completed', ticket: 'CHG3' });
  });

  it('leave no credential anywhere, and need no permission that they lack', async () => {
    expect(await world.findLeaks()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
  });

  it('answer a forged request with 401 and an unknown path with 404, and queue neither', async () => {
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(await post(change('CHG2', { sys_mod_count: '1' }), { key: other })).toBe(401);
    expect(await post(change('CHG2', { sys_mod_count: '1' }), { path: 'other' })).toBe(404);
    await handled();
    expect(checkouts('CHG2')).toEqual([]);
  });
});
