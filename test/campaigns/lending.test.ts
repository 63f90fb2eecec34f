import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { type CheckoutWorld, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { openObjects } from '#test/support/local-objects.ts';
import { MINIMAL_REGISTRIES } from '#test/support/minimal/registries.ts';
import { type MinimalVaultRemote, startMinimalVault } from '#test/support/minimal/remotes.ts';

/** Whole runs over a vault that lends each entry to one user, by a call that returns the value and no id. */

const LOANS = [1, 2, 3, 4, 5].map((number) => `canary-000-loan-${number}`);

let world: CheckoutWorld;
let library: MinimalVaultRemote;

const configure = (config: Document): void => {
  config.setIn(['connections', 'library'], { type: 'minimal-vault', url: library.url, ca: library.caPem });
  const lending = { source: 'loans', connection: 'library', stores: ['aws'] };
  const schedule = { expression: 'rate(1 hour)' };
  config.setIn(['syncs', 'loaned'], { schedule, ...lending, name: 'loaned/{shelf}/{name}' });
  const name = 'loans/{checkoutId}/{shelf}/{name}';
  config.setIn(['checkouts', 'loans'], { ...lending, name, rotateOnCheckIn: false });
};

beforeAll(async () => {
  library = await startMinimalVault();
  LOANS.forEach((value, index) => {
    library.entries.set(`${index + 1}`, { shelf: 'tall', name: `e${index + 1}`, value });
  });
  world = await startCheckoutWorld({ accounts: 2, seed: 1, configure, registries: MINIMAL_REGISTRIES });
});

afterAll(async () => {
  await world?.close();
  await library?.[Symbol.asyncDispose]();
});

const run = async (sync: string) => {
  const { ending } = await world.runSync(sync);
  if (ending?.status !== 'SUCCEEDED') throw new Error(`The run ended as ${JSON.stringify(ending)}.`);
  return syncSteps.report.output.parse(JSON.parse(ending.output));
};

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

it('leaves no session open, no credential outside the stores, and no permission unused', async () => {
  for (let moving = true; moving; ) moving = await world.settle(60);
  expect(library.openSessions).toBe(0);
  expect(await world.findLeaks()).toEqual([]);
  expect(world.aws.permissions.denials).toEqual([]);
  expect(world.aws.permissions.unusedGrants().filter((grant) => grant.includes('claims'))).toEqual([]);
});
