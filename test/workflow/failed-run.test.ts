import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { measureRun, RunFailed } from '#local/figures.ts';
import { NAMES, startWorld, type World, type WorldOptions } from '#local/world.ts';
import { redeploy } from '#test/support/redeploy.ts';

const OPTIONS: WorldOptions = { accounts: 6, seed: 3, waitScale: 0 };
const HOUR_MS = 3_600_000;

let world: World;
beforeAll(async () => {
  world = await startWorld(OPTIONS);
});
afterAll(() => world.close());
// Each test has its own run.
beforeEach(() => world.clock.advance(HOUR_MS));

/** The message that `npm start` prints before it exits with 1. */
const messageOfRun = async (): Promise<string> => {
  const failed: unknown = await measureRun(world, () => {}).catch((thrown: unknown) => thrown);
  if (failed instanceof RunFailed) return failed.message;
  throw new Error('The run did not fail.', { cause: failed });
};

const expectNothingLeftBehind = async () => {
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
};

const setBootstrap = (SecretString: string) =>
  world.aws.secretsManager.handle('PutSecretValue', {
    SecretId: 'bootstrap/vault',
    ClientRequestToken: crypto.randomUUID(),
    SecretString,
  });

const setUrl = (url: string) =>
  redeploy(world, (config) => {
    const { [NAMES.connection]: connection } = config.connections;
    if (connection === undefined) throw new Error('The example has no connection.');
    return { ...config, connections: { [NAMES.connection]: { ...connection, url } } };
  });

describe('a run that cannot work ends in one message that states the fix', () => {
  it('when the vault cannot be reached', async () => {
    await setUrl('https://127.0.0.1:9/api/public/v3');
    onTestFinished(() => setUrl(world.vault.url));
    expect(await messageOfRun()).toMatch(/^VaultUnavailable: .+/);
    await expectNothingLeftBehind();
  });

  it('when the vault does not accept the credentials of the relay', async () => {
    const { 'bootstrap/vault': accepted = '' } = world.aws.secretsManager.currentValues();
    setBootstrap(JSON.stringify({ clientId: '00000000-0000-4000-8000-000000000001', clientSecret: 'wrong' }));
    onTestFinished(() => void setBootstrap(accepted));
    const before = world.vault.audit.length;
    expect(await messageOfRun()).toMatch(/^SignInRefused: .+/);
    // The vault mails each refusal to an administrator, so there must be only one.
    const calls = world.vault.audit.slice(before);
    expect(calls.filter(({ kind }) => kind === 'token' || kind === 'signIn')).toHaveLength(1);
    await expectNothingLeftBehind();
  });

  it("when the vault's licence has expired", async () => {
    const { licence } = world.vault.switches;
    world.vault.switches.licence = 'invalid';
    onTestFinished(() => {
      world.vault.switches.licence = licence;
    });
    expect(await messageOfRun()).toMatch(/^LicenceRefused: .*licence.*/i);
    await expectNothingLeftBehind();
  });

  it('when the store denies the list', async () => {
    world.aws.secretsManager.faults.denyAction('ListSecrets', 'local-sync-plan');
    onTestFinished(() => world.aws.secretsManager.faults.clear());
    expect(await messageOfRun()).toMatch(/^StoreDenied: .+/);
    await expectNothingLeftBehind();
  });

  it('before it starts, when a connection leads to another machine', async () => {
    const starting = startWorld({
      ...OPTIONS,
      configure: (config) =>
        config.setIn(['connections', NAMES.connection, 'url'], 'https://pam.example.com/api/public/v3'),
    });
    await expect(starting).rejects.toThrow(/Connection vault is https:\/\/pam\.example\.com\/api\/public\/v3/);
  });
});
