import { readFileSync } from 'node:fs';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type ExecutionListItem, ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { createSearch } from '#local/canaries.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { NAMES } from '#local/world.ts';
import { Deployment, STACK } from './support/deployment.ts';

const FLEET = { accounts: 8, seed: 7 };
const ROUTE = 'servicenow';
const RULE = 'changes';
const KEYS_SECRET = 'webhooks/servicenow';
const keyOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const KEY = keyOf(7);
const HOUR_MS = 3_600_000;
/** Window of a ticket that is never closed. Its execution waits in real time. */
const SHORT_WINDOW_MS = 10_000;
const SOON = { timeout: 60_000 };

const exampleSchema = z.object({ webhooks: z.object({ [ROUTE]: z.looseObject({}) }) });
const EXAMPLE = exampleSchema.parse(parse(readFileSync('examples/webhooks.yaml', 'utf8'))).webhooks[ROUTE];

const twoPlain = (fleet: readonly FleetAccount[]): [FleetAccount, FleetAccount] => {
  const [one, other] = fleet.filter(({ kind }) => kind === 'plain');
  if (one === undefined || other === undefined) throw new Error('The fleet is too small.');
  return [one, other];
};

describe('a ticket, through the HTTP API on ministack', () => {
  let deployment: Deployment;
  const [first, second] = twoPlain(createFleet(FLEET));

  beforeAll(async () => {
    deployment = await Deployment.prepare({
      ...FLEET,
      configure: (config) => {
        const rule = {
          connection: NAMES.connection,
          stores: [NAMES.store],
          name: `${RULE}/{checkoutId}/{systemId}/{accountId}`,
          value: '{credential}',
          // The change after a check-in would have to be waited for in real time.
          rotateOnCheckIn: false,
        };
        config.setIn(['checkouts', RULE], config.createNode(rule));
        config.setIn(['webhooks', ROUTE], config.createNode({ ...EXAMPLE, checkout: RULE }));
        config.setIn(['webhooks', ROUTE, 'ticket', 'items', 'labels', 'accountName'], '/account');
        for (const setting of ['ticketSystem', 'comments', 'looksEveryMinutes'])
          config.deleteIn(['webhooks', ROUTE, setting]);
      },
    });
    const keys = JSON.stringify({ keys: [KEY] });
    await deployment.secrets.send(new CreateSecretCommand({ Name: KEYS_SECRET, SecretString: keys }));
    await deployment.deploy();
  });
  afterAll(() => deployment.close());

  let deliveries = 0;
  /** Sends a state of a ticket, signed by the package of the standard. @returns the status of the answer. */
  const post = async (state: Readonly<Record<string, string>>, key = KEY): Promise<number> => {
    const body = JSON.stringify(state);
    const id = `msg_${deliveries++}`;
    const now = new Date();
    const { status } = await fetch(deployment.urlOfWebhook(ROUTE), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(key).sign(id, now, body),
      },
      body,
    });
    return status;
  };

  const executions = async (machine: string, number: string): Promise<ExecutionListItem[]> => {
    const { stateMachines = [] } = await deployment.stepFunctions.send(new ListStateMachinesCommand({}));
    const stateMachineArn = stateMachines.find(({ name }) => name === `${STACK}-${machine}`)?.stateMachineArn;
    const { executions: all = [] } = await deployment.stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn }),
    );
    const described = await Promise.all(all.map(async (one) => ({ one, input: await deployment.inputOf(one) })));
    return described.filter(({ input }) => input.includes(`"${number}.1"`)).map(({ one }) => one);
  };
  const statuses = async (machine: string, number: string) =>
    (await executions(machine, number)).map(({ status }) => status);

  /** The delivered credential of a ticket; undefined if there is none, or it was retired. */
  const delivered = async (number: string, { systemId, accountId }: FleetAccount): Promise<string | undefined> => {
    try {
      const SecretId = `${RULE}/${number}.1/${systemId}/${accountId}`;
      return (await deployment.secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'ResourceNotFoundException') return undefined;
      throw thrown;
    }
  };

  it('opens a checkout, which delivers, when its signed state asks for access', async () => {
    const state = approved('CHG1', first, HOUR_MS);
    expect(await post(state)).toBe(202);
    await expect.poll(() => delivered('CHG1', first), SOON).toBe(first.credential);
    expect(await statuses('checkout', 'CHG1')).toEqual(['RUNNING']);
    expect(deployment.vault.openRequests()).toMatchObject([{ ticket: { number: 'CHG1' } }]);
    // ServiceNow sends every update of a ticket.
    expect(await post({ ...state, sys_mod_count: '2' })).toBe(202);
  });

  it('is checked in and its secret retired when its state closes it', async () => {
    expect(await post({ ...approved('CHG1', first, HOUR_MS), sys_mod_count: '3', state: '3' })).toBe(202);
    await expect.poll(() => statuses('release', 'CHG1'), SOON).toEqual(['SUCCEEDED']);
    expect(deployment.vault.openRequests()).toEqual([]);
    expect(await delivered('CHG1', first)).toBeUndefined();
    // The second state opened nothing more.
    expect(await executions('checkout', 'CHG1')).toHaveLength(1);
  });

  it('ends with its window if no other state ever arrives', async () => {
    expect(await post(approved('CHG2', second, SHORT_WINDOW_MS))).toBe(202);
    await expect.poll(() => delivered('CHG2', second), SOON).toBe(second.credential);
    await expect.poll(() => statuses('checkout', 'CHG2'), SOON).toEqual(['SUCCEEDED']);
    expect(await delivered('CHG2', second)).toBeUndefined();
  });

  it('is answered with 401 if its state is forged, and opens nothing', async () => {
    expect(await post(approved('CHG3', second, HOUR_MS), keyOf(8))).toBe(401);
    expect(await executions('checkout', 'CHG3')).toEqual([]);
  });

  it('leaves nothing open at the vault, and no credential outside secrets', async () => {
    const { vault } = deployment;
    await expect.poll(() => [...vault.openRequests(), ...vault.openSessions()], SOON).toEqual([]);
    const search = createSearch([DEFAULT_APPLICATION.oauth.clientSecret, KEY]);
    let searched = 0;
    for (const { executionArn = '' } of await executions('checkout', 'CHG2')) {
      for await (const written of deployment.written(executionArn)) {
        searched += written.content.length;
        expect(search(written)).toEqual([]);
      }
    }
    expect(searched).toBeGreaterThan(10_000);
  });
});

/** A change that is approved and whose window has begun, as the payload of `docs/webhooks.md` has it. */
const approved = (number: string, account: FleetAccount, lengthMs: number): Record<string, string> => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 19).replace('T', ' ');
  return {
    number,
    sys_mod_count: '1',
    state: '-1',
    approval: 'approved',
    start_date: at(-HOUR_MS),
    end_date: at(lengthMs),
    short_description: 'Patch the database',
    cmdb_ci: account.systemName,
    account: account.accountName,
  };
};
