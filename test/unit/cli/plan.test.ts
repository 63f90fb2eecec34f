import { describe, expect, it } from 'vitest';
import { createOwnToken, createReadSecret, credentialsVariable } from '#cli/plan/credentials.ts';
import { chooseRules } from '#cli/plan/plan.ts';
import { showPlans } from '#cli/plan/show-plan.ts';
import { createPlan } from '#functions/sync/plan/plan.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { activate } from '#shared/domain/turns.ts';
import { type Records, recordAt } from '#shared/records/records.ts';
import { switchActive } from '#shared/records/turn-records.ts';
import { Secret } from '#shared/secret.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aConfig, aRun, parseShapeOf } from '#test/support/configs.ts';
import { memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';
import { anItem, itemNumbered } from '#test/support/items.ts';
import { collected } from './output.ts';
import { delivered, EVERY_KIND, NOW, planWith, RELAY_ID, sidesWith } from './sync-plan.ts';

const PLACE = { account: '111122223333', region: 'eu-central-1', relayId: RELAY_ID };

describe('the plan of a sync', () => {
  it('names every decision with its secret and reason', async () => {
    const { counts, targets, owner, planId } = await planWith(EVERY_KIND, { memory: EVERY_KIND.memory });
    expect(owner).toBe(`${RELAY_ID}/databases`);
    expect(planId).toMatch(/^[0-9a-f]{64}$/);
    expect(targets.map(({ action, secret }) => `${action} ${secret}`)).toEqual([
      'create prod/db-01/a1',
      'change prod/db-01/a2',
      'retire prod/db-01/gone',
      'unchanged prod/db-01/a3',
      'changing prod/db-01/a4',
      'parked prod/db-01/a5',
      'keep prod/db-01/missed',
      'refuse prod/db-01/twin',
      'refuse prod/db-01/twin',
    ]);
    expect(counts).toMatchObject({ create: 1, change: 1, retire: 1, unchanged: 1, keep: 1, refuse: 2 });
    const silent = targets.filter(({ reason }) => reason === undefined).map(({ action }) => action);
    expect(silent).toEqual(['create', 'change', 'unchanged']);
  });

  it('has the id that the Plan step of a run records', async () => {
    const records = memoryRecords();
    const { memory, ...given } = EVERY_KIND;
    if (memory === 'unknown') throw new TypeError('The memory is known.');
    await records.write(recordAt.memory('databases'), memory);
    await createPlan({
      ...sidesWith(given),
      records,
      turns: memorySharedRecords(),
      hasEarlierRun: async () => false,
      readNamed: async () => [],
      calls: () => NO_CALLS,
      // A run is later than its plan.
      now: () => NOW + 60_000,
    })(aRun());
    const { planId } = await planWith(given, { memory });
    expect((await records.read(recordAt.plan(aRun())))?.planId).toBe(planId);
  });

  it('shows an item that the list of the vault already refuses as refused', async () => {
    const item = itemNumbered(1, {
      handle: { systemId: 1, accountId: 1, applicationId: null, maximumReleaseMinutes: null, isaAccess: false },
    });
    const { targets } = await planWith({ items: [item], sync: { access: 'isa' } });
    expect(targets).toMatchObject([
      { action: 'refuse', error: 'NotRequestable', reason: expect.stringContaining('ISA') },
    ]);
  });

  it('says what is unknown without the memory, and has no id then', async () => {
    const { planId, targets } = await planWith(EVERY_KIND, { memory: 'unknown' });
    expect(planId).toBeNull();
    const unknown = targets.filter(({ reason }) => reason?.includes("unknown without the stack's memory"));
    expect(unknown.map(({ action, secret }) => `${action} ${secret}`)).toEqual([
      'create prod/db-01/a1',
      'create prod/db-01/a5',
      'change prod/db-01/a2',
      'keep prod/db-01/gone',
      'keep prod/db-01/missed',
    ]);
    expect(unknown.every(({ certain }) => !certain)).toBe(true);
  });

  it('plans for the active account of a pair, as the stack has recorded it', async () => {
    const members = [itemNumbered(1), itemNumbered(2)];
    const [first = itemNumbered(1)] = members;
    const pair = anItem({ ref: { kind: 'pair', id: 'orders' }, labels: { pairName: 'orders' }, members });
    const given = {
      items: [pair],
      secrets: [{ ...delivered(activate(pair, first)), name: 'prod/orders' }],
      sync: { source: 'pairs', name: 'prod/{pairName}' },
    };
    const shared = memorySharedRecords();
    const records: Pick<Records, 'read'> = { read: async (place) => (await shared.read(place))?.record };
    expect((await planWith(given, { records })).counts).toMatchObject({ unchanged: 1, change: 0 });
    await switchActive(shared, 'vault', { item: 'pair:orders', account: 'account:2', switches: 0 });
    expect((await planWith(given, { records })).counts).toMatchObject({ unchanged: 0, change: 1 });
  });

  it('needs no memory if it changes nothing', async () => {
    const item = itemNumbered(1);
    const given = { items: [item], secrets: [delivered(item)] };
    const { planId } = await planWith(given, { memory: 'unknown' });
    expect(planId).toBe((await planWith(given)).planId);
  });

  it('is shown with place, owner, counts and id, without unchanged secrets', async () => {
    const plan = await planWith(EVERY_KIND, { memory: EVERY_KIND.memory });
    const lines = showPlans(PLACE, [plan], collected().output.paint);
    expect(lines.slice(0, 8)).toEqual([
      'Account   111122223333',
      'Region    eu-central-1',
      `Relay id  ${RELAY_ID}`,
      '',
      'Sync databases, from vault to aws',
      `  Owner      ${RELAY_ID}/databases`,
      '  Decisions  1 create, 1 change, 1 retire, 1 unchanged, 1 changing, 1 parked, 1 keep, 2 refuse',
      `  Plan id    ${plan.planId}`,
    ]);
    expect(lines.join('\n')).not.toContain('prod/db-01/a3');
    expect(lines).toContain('  create    prod/db-01/a1      db-01/a1');
  });
});

describe('the syncs of a plan', () => {
  const config = parseShapeOf({
    ...aConfig(),
    syncs: { one: { ...aConfig().syncs['databases'] }, two: { ...aConfig().syncs['databases'], connection: 'other' } },
  });

  it('are all of them, or those that are named', () => {
    expect(chooseRules(config, {}).syncs).toEqual(['one', 'two']);
    expect(chooseRules(config, { sync: ['two', 'two'], credentialsSecret: 'x' }).syncs).toEqual(['two']);
  });

  it('must exist at all: a file with blueprints alone has nothing to plan', () => {
    expect(() => chooseRules({ ...config, syncs: {} }, {})).toThrow('There is no sync to plan.');
  });

  it('must exist, and share a connection if one secret is named', () => {
    expect(() => chooseRules(config, { sync: ['three'] })).toThrow(/There is no sync "three".*one, two/);
    expect(() => chooseRules(config, { credentialsSecret: 'x' })).toThrow(
      /need vault, other\. Name one rule at a time/,
    );
  });
});

describe('vault credentials', () => {
  const BOOTSTRAP = { name: 'bootstrap/vault', kind: 'bootstrap secret', shape: '{"clientId": "…"}' };
  const readWith = (environment: NodeJS.ProcessEnv, credentialsSecret?: string) => {
    const read: string[] = [];
    const readSecret = createReadSecret({
      environment,
      credentialsSecret,
      bootstrapSecretOf: () => BOOTSTRAP.name,
      readSecret: async ({ name }) => {
        read.push(name);
        return { form: 'text', value: new Secret('from the store'), versionId: '1' };
      },
    });
    return { read, readSecret };
  };

  it('come from the variable of the connection, and nothing is read then', async () => {
    const { read, readSecret } = readWith({ PAM_RELAY_CREDENTIALS_VAULT_2: '{"clientId":"x"}' });
    expect((await readSecret('vault-2', BOOTSTRAP)).value.reveal()).toBe('{"clientId":"x"}');
    expect(read).toEqual([]);
  });

  it('come from the named secret, which takes precedence', async () => {
    const { read, readSecret } = readWith({ [credentialsVariable('vault')]: 'x' }, 'mine');
    await readSecret('vault', BOOTSTRAP);
    await readSecret('vault', { ...BOOTSTRAP, name: 'bootstrap/certificate' });
    expect(read).toEqual(['mine', 'bootstrap/certificate']);
  });

  it.each([{}, { PAM_RELAY_CREDENTIALS_VAULT: '' }])('are asked for with two ways to give them: %j', async (env) => {
    await expect(readWith(env).readSecret('vault', BOOTSTRAP)).rejects.toThrow(
      /--credentials-secret bootstrap\/vault\. Or set PAM_RELAY_CREDENTIALS_VAULT to \{"clientId": "…"\}/,
    );
  });

  it('get one token, and another one only after a refusal', async () => {
    let fetched = 0;
    const tokens = createOwnToken({
      fetchToken: async () => ({ accessToken: new Secret(String(++fetched)), expiresInSeconds: 60 }),
      bootstrapVersion: async () => 'x',
    });
    await Promise.all([tokens.get(), tokens.get()]);
    const token = await tokens.get();
    expect([token.reveal(), fetched]).toEqual(['1', 1]);
    await tokens.drop(token);
    expect((await tokens.get()).reveal()).toBe('2');
  });
});

it('an empty sync has a plan', async () => {
  expect(await planWith({ items: [] }, { memory: emptyMemory() })).toMatchObject({
    targets: [],
    notes: [expect.stringContaining('The vault listed no items.')],
  });
});
