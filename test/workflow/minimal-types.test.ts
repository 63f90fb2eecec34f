import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import { startWorld, type World } from '#local/world.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { openObjects } from '#test/support/local-objects.ts';
import { MINIMAL_REGISTRIES } from '#test/support/minimal/registries.ts';
import {
  type MinimalStoreRemote,
  type MinimalVaultRemote,
  startMinimalStore,
  startMinimalVault,
} from '#test/support/minimal/remotes.ts';

/** Whole syncs with types that only the registries of this test contain. */

let world: World;
let vault: MinimalVaultRemote;
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
};

beforeAll(async () => {
  vault = await startMinimalVault();
  store = await startMinimalStore();
  vault.entries.set('1', { shelf: 'tall', name: 'one', value: 'canary-000-one' });
  vault.entries.set('2', { shelf: 'low', name: 'two', value: 'canary-000-two' });
  world = await startWorld({ accounts: 20, seed: 1, configure, registries: MINIMAL_REGISTRIES });
});

afterAll(async () => {
  await world?.close();
  await vault?.[Symbol.asyncDispose]();
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

it('leaves no session open and no credential outside the stores', async () => {
  expect(vault.openSessions).toBe(0);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
  expect(world.aws.permissions.denials).toEqual([]);
});
