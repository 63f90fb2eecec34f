import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import { startWorld, type World } from '#local/world.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
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

it('leaves no session open and no credential outside the stores', async () => {
  expect(vault.openSessions).toBe(0);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
  expect(world.aws.permissions.denials).toEqual([]);
});
