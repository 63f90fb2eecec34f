import { afterEach, describe, expect, it } from 'vitest';
import { measureRun, RunFailed } from '#local/figures.ts';
import { NAMES, startWorld, type World, type WorldOptions } from '#local/world.ts';

let started: World | undefined;
afterEach(async () => {
  await started?.close();
  started = undefined;
});

const start = async (options: Partial<WorldOptions> = {}): Promise<World> => {
  started = await startWorld({ accounts: 6, seed: 3, waitScale: 0, ...options });
  return started;
};

/** What `npm start` would print before it exits with 1. */
const messageOf = async (world: World): Promise<string> => {
  const failed: unknown = await measureRun(world, () => {}).catch((thrown: unknown) => thrown);
  if (failed instanceof RunFailed) return failed.message;
  throw new Error('The run did not fail.', { cause: failed });
};

const expectNothingLeftBehind = async (world: World) => {
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
};

describe('a run that cannot work ends in one message that says what to do', () => {
  it('when the vault cannot be reached', async () => {
    const world = await start({
      configure: (config) => config.setIn(['connections', NAMES.connection, 'url'], 'https://127.0.0.1:9/api'),
    });
    expect(await messageOf(world)).toMatch(/^VaultUnavailable: .+/);
    await expectNothingLeftBehind(world);
  });

  it('when the vault does not accept who signs in', async () => {
    const world = await start();
    world.aws.secretsManager.handle('PutSecretValue', {
      SecretId: 'bootstrap/vault',
      ClientRequestToken: crypto.randomUUID(),
      SecretString: JSON.stringify({ clientId: '00000000-0000-4000-8000-000000000001', clientSecret: 'wrong' }),
    });
    expect(await messageOf(world)).toMatch(/^SignInRefused: .+/);
    // Every refusal is mailed to an administrator: once is enough.
    expect(world.vault.audit.filter(({ kind }) => kind === 'token' || kind === 'signIn')).toHaveLength(1);
    await expectNothingLeftBehind(world);
  });

  it("when the vault's licence has expired", async () => {
    const world = await start({ switches: { licence: 'invalid' } });
    expect(await messageOf(world)).toMatch(/^LicenceRefused: .*licence.*/i);
    await expectNothingLeftBehind(world);
  });

  it('when the store lets nobody list', async () => {
    const world = await start();
    world.aws.secretsManager.faults.denyAction('ListSecrets', 'local-plan');
    expect(await messageOf(world)).toMatch(/^StoreDenied: .+/);
    await expectNothingLeftBehind(world);
  });

  it('before it starts, when a connection leads away from this machine', async () => {
    const starting = start({
      configure: (config) => config.setIn(['connections', NAMES.connection, 'url'], 'https://pam.example.com/api'),
    });
    await expect(starting).rejects.toThrow(/Connection vault is https:\/\/pam\.example\.com\/api/);
  });
});
