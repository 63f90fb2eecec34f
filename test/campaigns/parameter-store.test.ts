import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { OWNER_TAG } from '#shared/names.ts';

/**
 * A sync into Parameter Store, from the synthesised stack with its real bundles. The simulated AWS enforces the roles,
 * so the runs show both missing and excess permissions.
 */

const HOUR_MS = 3_600_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({
    accounts: 3,
    seed: 7,
    waitScale: 0,
    configure: (config) => {
      const store = { type: 'aws-parameter-store', tags: { team: 'pam' }, writesPerSecond: 'unlimited' };
      config.setIn(['stores', NAMES.store], config.createNode(store));
      const orphans = { policy: 'delete', recoveryDays: 'none', budget: 5 };
      config.setIn(['syncs', NAMES.sync, 'orphans'], config.createNode(orphans));
    },
  });
});
afterAll(() => world.close());

const held = () => world.aws.parameterStore.currentValues();
const plain = () => world.vault.accounts().filter(({ kind }) => kind === 'plain');
const expectAllDelivered = () => {
  const values = Object.values(held());
  expect(values.length).toBeGreaterThan(0);
  for (const { credential } of plain()) {
    expect(values.some((value) => value.includes(JSON.stringify(credential)))).toBe(true);
  }
};

describe('a sync into Parameter Store', () => {
  it('delivers each credential as a SecureString, encrypted with the key of the stack, and nothing elsewhere', async () => {
    await world.runSync();
    expectAllDelivered();
    expect(Object.keys(held()).every((name) => name.startsWith(`/${NAMES.secretPrefix}`))).toBe(true);
    expect(Object.keys(world.aws.secretsManager.currentValues()).join()).not.toContain(NAMES.secretPrefix);
    const { Parameters } = world.aws.parameterStore.handle('DescribeParameters', {});
    const keys = [Parameters].flat().map((parameter) => JSON.stringify(parameter));
    for (const parameter of keys) expect(parameter).toMatch(/"Type":"SecureString","KeyId":"arn:aws:kms:/);
  });

  it('writes and reads nothing when nothing changed', async () => {
    const before = world.aws.parameterStore.callCounts();
    await world.runSync();
    const { DescribeParameters: _, ...after } = world.aws.parameterStore.callCounts();
    expect(before).toMatchObject(after);
  });

  it('delivers changes and deletes what the vault no longer has, with every permission that it was given', async () => {
    const orphan = `/${NAMES.secretPrefix}gone/account`;
    const Tags = [{ Key: OWNER_TAG, Value: `local.000000000000.us-east-1/${NAMES.sync}` }];
    const parameter = { Name: orphan, Value: 'of a removed account', Type: 'SecureString', Tags };
    world.aws.parameterStore.handle('PutParameter', parameter);
    world.clock.advance(HOUR_MS);
    for (const { accountId } of plain()) world.vault.changeCredential(accountId);
    world.clock.advance(HOUR_MS);
    await world.runSync();
    await world.runSync();
    expectAllDelivered();
    expect(held()).not.toHaveProperty([orphan]);
    expect(world.aws.permissions.denials).toEqual([]);
    expect(world.aws.permissions.unusedGrants().filter((grant) => /\bssm[:.]/.test(grant))).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
  });
});
