import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { type CheckoutWorld, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { openObjects } from '#test/support/local-objects.ts';
import { MINIMAL_REGISTRIES } from '#test/support/minimal/registries.ts';
import {
  type MinimalStoreRemote,
  type MinimalVaultRemote,
  startMinimalStore,
  startMinimalVault,
} from '#test/support/minimal/remotes.ts';

/** Whole syncs with types that only the registries of this test contain. */

const LOANS = [1, 2, 3, 4, 5].map((number) => `canary-000-loan-${number}`);

let world: CheckoutWorld;
let vault: MinimalVaultRemote;
/** Another vault of the same type, whose entries are lent. */
let library: MinimalVaultRemote;
let store: MinimalStoreRemote;

const schedule = { expression: 'rate(1 hour)' };

const configure = (config: Document): void => {
  config.setIn(['connections', 'shelves'], { type: 'minimal-vault', url: vault.url, ca: vault.caPem });
  config.setIn(['stores', 'box'], { type: 'minimal-store', url: store.url, ca: store.caPem });
  const add = (name: string, sync: Record<string, unknown>) => config.setIn(['syncs', name], { schedule, ...sync });
  add('to-aws', { source: 'entries', connection: 'shelves', stores: ['aws'], name: 'entries/{shelf}/{name}' });
  add('to-box', {
    source: 'entries',
    connection: 'shelves',
    stores: ['box'],
    shelves: ['tall'],
    name: 'tall/{shelf}/{name}',
  });
  add('accounts-to-box', {
    connection: 'vault',
    stores: ['box'],
    name: 'accounts/{systemName}/{accountName}',
    value: '{credential}',
    select: { systems: ['db-0*'] },
  });
  add('verified', {
    source: 'entries',
    connection: 'shelves',
    stores: ['aws'],
    name: 'verified/{shelf}/{name}',
    verify: schedule,
  });
  config.setIn(['oldCheckouts', 'hygiene'], {
    ...{ source: 'entries', connection: 'shelves', schedule, olderThanHours: 8 },
    forceCheckIn: { olderThanHours: 24, groups: ['tall'], rotate: true },
  });
  config.setIn(['connections', 'library'], { type: 'minimal-vault', url: library.url, ca: library.caPem });
  const lending = { source: 'loans', connection: 'library', stores: ['aws'] };
  add('loaned', { ...lending, name: 'loaned/{shelf}/{name}' });
  const name = 'loans/{checkoutId}/{shelf}/{name}';
  config.setIn(['checkouts', 'loans'], { ...lending, name, rotateOnCheckIn: false });
};

beforeAll(async () => {
  vault = await startMinimalVault();
  store = await startMinimalStore();
  vault.entries.set('1', { shelf: 'tall', name: 'one', value: 'canary-000-one' });
  vault.entries.set('2', { shelf: 'low', name: 'two', value: 'canary-000-two' });
  library = await startMinimalVault();
  LOANS.forEach((value, index) => {
    library.entries.set(`${index + 1}`, { shelf: 'tall', name: `e${index + 1}`, value });
  });
  world = await startCheckoutWorld({ accounts: 20, seed: 1, configure, registries: MINIMAL_REGISTRIES });
});

afterAll(async () => {
  await world?.close();
  await vault?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
});

const run = async (sync: string) => {
  const { ending } = await world.runSync(sync);
  if (ending?.status !== 'SUCCEEDED') throw new Error(`The run ended as ${JSON.stringify(ending)}.`);
  return syncSteps.report.output.parse(JSON.parse(ending.output));
};

describe('a vault without leases, dates and look-ups', () => {
  it('is delivered to AWS once', async () => {
    const first = await run('to-aws');
    expect(first).toMatchObject({ status: 'SUCCEEDED', items: 2, delivered: 2 });
    expect(world.aws.secretsManager.currentValues()).toMatchObject({
      'entries/tall/one': 'canary-000-one',
      'entries/low/two': 'canary-000-two',
    });
    vault.reads.length = 0;
    expect(await run('to-aws')).toMatchObject({ unchanged: 2 });
    expect(vault.reads).toEqual([]);
  });

  it('shows a change only to a verify run', async () => {
    await run('verified');
    vault.entries.set('1', { shelf: 'tall', name: 'one', value: 'canary-000-new' });
    expect(await run('verified')).toMatchObject({ unchanged: 2 });
    const verified = await world.aws.scheduler.fire('verify.verified', world.clock.now());
    if (verified.kind !== 'execution') throw new Error('The schedule starts no execution.');
    await world.aws.stepFunctions.settled(verified.execution.arn);
    expect(world.aws.secretsManager.currentValues()).toMatchObject({ 'verified/tall/one': 'canary-000-new' });
  });
});

describe('a write-only store without stages', () => {
  it('receives the entries that its sync selects', async () => {
    const report = await run('to-box');
    expect(report).toMatchObject({ status: 'SUCCEEDED', delivered: 1 });
    expect([...store.secrets].filter(([name]) => name.startsWith('tall/'))).toEqual([
      ['tall/tall/one', expect.objectContaining({ value: vault.entries.get('1')?.value })],
    ]);
    expect(await run('to-box')).toMatchObject({ unchanged: 1 });
  });

  it('receives accounts of Password Safe, and only changes the second time', async () => {
    const first = await run('accounts-to-box');
    const delivered = [...store.secrets.keys()].filter((name) => name.startsWith('accounts/'));
    expect(first.delivered).toBeGreaterThan(0);
    expect(delivered).toHaveLength(first.delivered);
    expect(await run('accounts-to-box')).toMatchObject({ delivered: 0 });
    expect(world.vault.openRequests()).toEqual([]);
  });
});

describe('old checkouts of all users', () => {
  const lend = (id: string, hours: number) => {
    const entry = vault.entries.get(id);
    const since = new Date(world.clock.now() - hours * 3_600_000).toISOString();
    if (entry !== undefined) vault.entries.set(id, { ...entry, lease: { since, holder: 'ann' } });
  };

  it('are reported on schedule, and ended where the rule says so', async () => {
    lend('1', 30);
    lend('2', 30);
    const fired = await world.aws.scheduler.fire('old-checkouts.hygiene', world.clock.now());
    if (fired.kind !== 'invocation') throw new Error('The schedule invokes no function.');
    if (!fired.result.ok) throw new Error(`The function failed: ${JSON.stringify(fired.result.failure)}.`);
    expect(JSON.parse(fired.result.payload)).toEqual({ status: 'SUCCEEDED', old: 1, forced: 1, unknown: 0, failed: 0 });
    expect([...vault.entries.values()].map(({ lease }) => lease?.holder)).toEqual([undefined, 'ann']);
    const objects = openObjects(world.aws);
    const keys = await objects.list('old-checkouts/hygiene/');
    expect(keys.map((key) => key.replace(/.*\//, ''))).toEqual(['report.html', 'report.json', 'state.json']);
    const report = await objects.readJson(keys.find((key) => key.endsWith('report.json')) ?? '');
    expect(report).toMatchObject({
      checkouts: [
        { title: 'tall, one', outcome: 'forced', holder: 'ann', rotation: { outcome: 'refused' } },
        { title: 'low, two', outcome: 'open', reason: 'Its group is not one whose checkouts the rule ends.' },
      ],
    });
    expect((await objects.published()).join()).toContain('pam-relay: old checkouts hygiene: 1 ended, 0 not');
  });
});

const claims = (): Promise<string[]> => openObjects(world.aws).list('claims/');
const checkOut = (id: string, ...numbers: readonly number[]) =>
  world.checkOut(id, [], {
    checkout: 'loans',
    items: numbers.map((number) => ({ shelf: 'tall', name: `e${number}` })),
  });

describe('a sync of a vault that lends each entry once', () => {
  it('borrows each entry once, delivers it, and leaves neither a loan nor a claim', async () => {
    library.loans.set('2', 'person');
    expect(await run('loaned')).toMatchObject({ status: 'PARTIAL', delivered: LOANS.length - 1, failed: 1 });
    expect(library.reads.toSorted()).toEqual(['1', '3', '4', '5']);
    expect([[...library.loans], await claims()]).toEqual([[['2', 'person']], []]);
    library.loans.clear();
  });
});

describe('a checkout of such a vault', () => {
  it('waits for an entry that a person has, delivers nothing before, and closes everything', async () => {
    library.loans.set('4', 'person');
    const execution = checkOut('L1', 3, 4);
    expect(await world.waits(execution)).toBeLessThan(10);
    expect(library.loans.get('4')).toBe('person');
    expect(Object.keys(world.aws.secretsManager.currentValues()).filter((name) => name.startsWith('loans/'))).toEqual(
      [],
    );
    library.loans.delete('4');
    const values = () =>
      Object.entries(world.aws.secretsManager.currentValues()).flatMap(([name, value]) =>
        name.startsWith('loans/') ? [value] : [],
      );
    await world.waitsUntil(execution, () => values().length === 2);
    expect(values().toSorted()).toEqual([LOANS[2], LOANS[3]]);
    expect([[...library.loans.values()], (await claims()).length]).toEqual([['relay', 'relay'], 2]);
    expect(await world.finish(execution)).toMatchObject({ status: 'completed' });
    expect([[...library.loans], await claims(), values()]).toEqual([[], [], []]);
  });

  it('waits for the entry of another checkout', async () => {
    const [first, second] = [checkOut('L4', 2), checkOut('L5', 2)];
    await world.waitsUntil(first, () => library.loans.has('2'));
    expect(await world.waits(second)).toBeLessThan(10);
    await world.finish(first);
    expect(await world.finish(second)).toMatchObject({ status: 'completed' });
    expect([[...library.loans], await claims()]).toEqual([[], []]);
  });

  it('keeps its entry from a sync, which reports it', async () => {
    const execution = checkOut('L2', 5);
    await world.waitsUntil(execution, () => library.loans.has('5'));
    await world.waits(execution);
    library.entries.set('5', { shelf: 'tall', name: 'e5', value: 'canary-000-loan-new' });
    world.aws.secretsManager.handle('DeleteSecret', { SecretId: 'loaned/tall/e5', ForceDeleteWithoutRecovery: true });
    expect(await run('loaned')).toMatchObject({ failed: 1 });
    expect([...library.loans]).toEqual([['5', 'relay']]);
    expect(await world.finish(execution)).toMatchObject({ status: 'completed' });
    expect([[...library.loans], await claims()]).toEqual([[], []]);
  });
});

describe('reap of such a vault', () => {
  it('ends the loans of a checkout whose execution was stopped', async () => {
    const execution = checkOut('L3', 1);
    await world.waitsUntil(execution, () => library.loans.has('1'));
    await world.waits(execution);
    world.aws.stepFunctions.stop(execution.arn);
    await world.runReap();
    expect([[...library.loans], await claims()]).toEqual([[], []]);
  });

  it('ends a loan that its run could not end, and keeps the claim while that attempt can be on its way', async () => {
    world.aws.secretsManager.handle('DeleteSecret', { SecretId: 'loaned/tall/e1', ForceDeleteWithoutRecovery: true });
    library.keepsLoans = true;
    await world.runSync('loaned');
    expect([...library.loans.keys()]).toContain('1');
    library.keepsLoans = false;
    await world.runReap();
    expect([...library.loans]).toEqual([]);
    expect(await claims()).not.toEqual([]);
    world.advance(MAX_INVOCATION_MS / 60_000);
    await world.runReap();
    expect(await claims()).toEqual([]);
  });
});

it('leaves no session open and no credential outside the stores', async () => {
  for (let moving = true; moving; ) moving = await world.settle(60);
  expect([vault.openSessions, library.openSessions]).toEqual([0, 0]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
  expect(world.aws.permissions.denials).toEqual([]);
  expect(world.aws.permissions.unusedGrants().filter((grant) => grant.includes('claims'))).toEqual([]);
});
