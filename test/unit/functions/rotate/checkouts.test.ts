import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlanCheckout } from '#functions/checkout/plan/plan.ts';
import { holdsSchema } from '#shared/domain/rotation/holds.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { holdsAt, isSameVault } from '#shared/records/rotation-holds.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import { createFindOpenCheckouts } from '#shared/rotation/open-checkouts.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { RotateStepInput } from '#shared/workflows/rotate.ts';
import { anOrder, aRecord, CHECKOUT, NOW, OTHER_CHECKOUT, STARTED_AT } from '#test/support/checkouts.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { interleave } from '#test/support/interleave.ts';
import { itemNumbered } from '#test/support/items.ts';
import { accountsOf, aScene } from './scene.ts';

const CONFIG = { ...aCheckoutConfig({ value: '{credential}' }), rotations: aRotationConfig().rotations };
const noGate = async (): Promise<void> => {};

describe('the open checkouts of items', () => {
  const find = async (
    order: Record<string, unknown> = {},
    rule: Record<string, unknown> = {},
    { isOpen = true, closed = '' } = {},
  ) => {
    const records = memoryRecords();
    const signals = memorySignals();
    const record = aRecord({ order, rule, numbers: [10, 11] });
    await records.write(checkoutAt.record(CHECKOUT), record);
    if (isOpen) await signals.put(checkoutAt.open(CHECKOUT));
    const isOurs = (connection: string) => connection === 'vault';
    const found = createFindOpenCheckouts({ records, signals, isSameVault: isOurs, closed, now: () => NOW });
    return [...(await found(['account:10', 'account:12']))];
  };

  it.each([
    ['a checkout with its open mark', find(), 1],
    ['a checkout that is closed', find({}, {}, { isOpen: false }), 0],
    ['a checkout that is closed and has its open mark', find({}, {}, { closed: CHECKOUT.run }), 0],
    ['a checkout beside one that is closed', find({}, {}, { closed: 'tickets.other' }), 1],
    ['a checkout of another vault', find({}, { connection: 'other' }), 0],
    ['a checkout whose window begins later', find({ window: { from: '2026-03-01T13:00:00Z', minutes: 5 } }), 0],
  ])('of %s are found: %s', async (_what, found, count) => {
    expect(await found).toEqual(count === 0 ? [] : [['account:10', 'tickets.CHG1']]);
  });
});

describe('two connections', () => {
  it.each([
    ['https://vault.example.com/api/', true],
    ['https://VAULT.example.com/api', true],
    ['https://vault.example.com:443/api', true],
    ['https://vault.example.com:8443/api', false],
    ['https://other.example.com/api', false],
  ])('share the holds of a vault at %s: %s', (url, isSame) => {
    const [vault] = Object.values(CONFIG.connections);
    if (vault === undefined) throw new Error('There is no connection.');
    const connections = { vault: { ...vault, url: 'https://vault.example.com/api' }, people: { ...vault, url } };
    expect(isSameVault({ connections }, 'vault', 'people')).toBe(isSame);
    expect(holdsAt({ connections }, 'vault').key === holdsAt({ connections }, 'people').key).toBe(isSame);
    expect(isSameVault({ connections }, 'vault', 'gone')).toBe(false);
  });
});

/** A rotation and a checkout of the same account, which share records, signals and a vault. */
const twoSides = async (rule: Record<string, unknown> = {}) => {
  const scene = aScene(rule, accountsOf(1));
  const signals = memorySignals();
  const events: string[] = [];
  scene.beforeChange(async () => void events.push('change'));
  await scene.plan();
  const { read, replace } = scene.records;

  const rotate = (gate: () => Promise<void>, input: Partial<RotateStepInput> = {}) => {
    const gated = {
      read: async <T>(place: RecordPlace<T>) => gate().then(() => read(place)),
      async replace<T>(place: RecordPlace<T>, record: T, expected: string) {
        await gate();
        const holds = holdsSchema.safeParse(record).data;
        if (holds !== undefined && Object.keys(holds.entries).length === 0) events.push('settled');
        return replace(place, record, expected);
      },
    };
    const list = async (prefix: string) => gate().then(() => signals.list(prefix));
    const records = { read: async <T>(place: RecordPlace<T>) => (await gated.read(place))?.record };
    const options = { records, signals: { list }, isSameVault: () => true, now: () => scene.clock.now };
    const checkoutsOf = (_connection: string, closed?: string) => createFindOpenCheckouts({ ...options, closed });
    return scene.advance(900_000, { records: gated, checkoutsOf }, input);
  };

  const checkOut = (gate: () => Promise<void>) => {
    const records = { read: async <T>(place: RecordPlace<T>) => gate().then(async () => (await read(place))?.record) };
    const look = createIsRotating({ config: CONFIG, records, now: () => scene.clock.now });
    return createPlanCheckout({
      relayId: 'relay',
      config: CONFIG,
      vaultOf: async () => scene.vault,
      storeRules: async () => awsSecretsManagerRules,
      placeOf: async (store) => store,
      records,
      claims: {
        claim: async (place, record) =>
          gate().then(async () => ((await replace(place, record, 'absent')) && record) || record),
      },
      signals: {
        put: async (key) => gate().then(() => signals.put(key)),
        list: async (prefix) => gate().then(() => signals.list(prefix)),
      },
      isRotating: async (connection, items) => {
        const isRotating = await look(connection, items);
        if (!isRotating) events.push('open');
        return isRotating;
      },
      now: () => scene.clock.now,
    })({ ...CHECKOUT, startedAt: STARTED_AT, order: anOrder({ items: [{ systemName: 'db-1', accountName: 'a1' }] }) });
  };
  return { scene, signals, events, rotate, checkOut };
};

describe('a rotation of an account that changes together with another one', () => {
  const aSet = async () => {
    const scene = aScene({}, accountsOf(2));
    for (const id of ['1', '2']) {
      scene.placements.set(id, { system: 's', unit: '1', after: [] });
      scene.inspections.set(id, { set: '1' });
    }
    await scene.plan();
    return scene;
  };

  it('leaves both out while a checkout has the other one open', async () => {
    const scene = await aSet();
    await scene.advance(900_000, { checkoutsOf: () => async () => new Map([['account:2', 'tickets.CHG1']]) });
    expect(await scene.statuses()).toEqual({ 1: 'skipped', 2: 'skipped' });
    expect(scene.count('change')).toBe(0);
    expect((await scene.records.read(holdsAt(CONFIG, 'vault')))?.record.entries).toEqual({});
  });

  it('holds the other one back from checkouts during the change, and from syncs after a failed test', async () => {
    const scene = await aSet();
    const isRotating = createIsRotating({
      config: CONFIG,
      records: { read: async (place) => (await scene.records.read(place))?.record },
      now: () => scene.clock.now,
    });
    const other = accountsOf(2).slice(1);
    const seen: boolean[] = [];
    scene.beforeChange(async () => void seen.push(await isRotating('vault', other)));
    scene.failedTests.add('1');
    await scene.advance();
    expect(seen).toEqual([true]);
    const entries = (await scene.records.read(holdsAt(CONFIG, 'vault')))?.record.entries ?? {};
    expect(Object.keys(entries)).toEqual(['account:1', 'account:2']);
    expect(Object.values(entries).every(({ testFailed }) => testFailed !== undefined)).toBe(true);
  });
});

it('the account of a pair is held during its change, and after a failed test until the release of the pair', async () => {
  const members = accountsOf(2);
  const ref = { kind: 'pair', id: 'app' };
  const pair = itemNumbered(9, { ref, title: 'app', labels: { pairName: 'app' }, members });
  const scene = aScene({ source: 'pairs', undelivered: true }, [pair]);
  await scene.plan();
  scene.failedTests.add('2');
  const held = async () =>
    Object.entries((await scene.records.read(holdsAt(CONFIG, 'vault')))?.record.entries ?? {}).map(
      ([key, { with: leader, labels, testFailed }]) => [key, leader, labels['systemName'], testFailed !== undefined],
    );
  const seen: unknown[] = [];
  scene.beforeChange(async () => void seen.push(await held()));
  await scene.advance();
  expect(seen).toEqual([
    [
      ['account:2', 'pair:app', 'db-2', false],
      ['pair:app', undefined, 'db-01', false],
    ],
  ]);
  expect((await held()).map(([key, , , isHeld]) => [key, isHeld])).toEqual([
    ['account:2', true],
    ['pair:app', true],
  ]);
  expect(scene.notices).toHaveLength(1);
});

describe('a rotation and a checkout of the same account', () => {
  it('leaves the account out while the checkout is open, and names it', async () => {
    const { scene, rotate, checkOut } = await twoSides();
    expect(await checkOut(noGate)).toMatchObject({ requested: { conflict: false, leases: [{ item: 0 }] } });
    await rotate(noGate);
    expect(await scene.statuses()).toEqual({ 1: 'skipped' });
    expect((await scene.progress())?.state.items[0]?.reason).toContain('The checkout tickets.CHG1 has it open.');
    expect((await scene.records.read(holdsAt(CONFIG, 'vault')))?.record.entries).toEqual({});
  });

  it('changes the account all the same if the rule says so', async () => {
    const { scene, rotate, checkOut } = await twoSides({ underCheckouts: true });
    await checkOut(noGate);
    await rotate(noGate);
    expect(await scene.statuses()).toEqual({ 1: 'rotated' });
  });

  it.each([
    [CHECKOUT, 'rotated'],
    [OTHER_CHECKOUT, 'skipped'],
  ])('changes the account after the end of that checkout alone: %#', async ({ rule, run }, status) => {
    const { scene, rotate, checkOut } = await twoSides();
    await checkOut(noGate);
    await rotate(noGate, { order: { rule: 'weekly', trigger: 'checkout', checkout: { rule, run } } });
    expect(await scene.statuses()).toEqual({ 1: status });
  });

  it('never overlap, in any order of their calls', async () => {
    let opened = 0;
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 40 }), async (choices) => {
        const { events, rotate, checkOut } = await twoSides();
        const ends = await interleave<unknown>([rotate, checkOut], choices);
        expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
        if (events.includes('open')) opened += 1;
        if (events.includes('change')) changed += 1;
        if (!events.includes('open') || !events.includes('change')) return;
        expect(events.indexOf('open')).toBeGreaterThan(events.indexOf('settled'));
        expect(events.indexOf('settled')).toBeGreaterThan(events.indexOf('change'));
      }),
      { numRuns: 150 },
    );
    expect(opened).toBeGreaterThan(10);
    expect(changed).toBeGreaterThan(10);
  });
});
