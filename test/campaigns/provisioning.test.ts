import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { BLUEPRINT, createProvisioning } from '#local/provisioning.ts';
import { startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, PROVISIONER } from '#local/simulators/password-safe/users.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { Resources } from '#shared/connections/resource.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { flood } from '#test/support/provision-flood.ts';
import { type Break, createProvisionWorld, type ProvisionWorld } from '#test/support/provision-world.ts';

const DAY_MS = 86_400_000;
const INPUTS = { host: 'web-0001', address: '10.77.0.1' };

const exampleSchema = z.object({ provisioning: z.object({ 'linux-hosts': z.looseObject({}) }) });
const EXAMPLE = exampleSchema.parse(parse(readFileSync('examples/provisioning.yaml', 'utf8'))).provisioning[
  'linux-hosts'
];

/** Lets everything come to rest. */
const settle = async (world: ProvisionWorld): Promise<void> => {
  for (let round = 0; round < 12; round++) {
    world.advance(2 * DAY_MS);
    await world.sweep();
    await world.drain();
  }
};

describe('the example blueprint on Password Safe', () => {
  /** The simulated vault, and the relay's client in one session for the whole test. */
  const openVault = async () => {
    const simulator = await startPasswordSafe({ users: [PROVISIONER], switches: {} });
    const { url, caPem: ca, close } = simulator;
    const settings = passwordSafe.settings.parse({
      type: 'password-safe',
      url,
      ca,
      authentication: { type: 'api-key', bootstrapSecret: 'bootstrap/admin' },
    });
    const http = createHttp({ connection: 'admin', url, ca, limits: settings.limits, sleep: async () => {} });
    const vault = await passwordSafe.open(settings, {
      connection: 'admin',
      connect: () => http,
      readSecret: async () => ({
        form: 'text',
        value: new Secret(JSON.stringify({ apiKey: PROVISIONER.apiKey.key, runAs: PROVISIONER.userName })),
        versionId: '1',
      }),
      cacheToken: () => {
        throw new Error('An API key signs in without a token.');
      },
      onSignOutFailure: () => {},
      onSignInRefused: async () => {},
      now: Date.now,
    });
    const opened = Promise.withResolvers<Resources>();
    const ended = Promise.withResolvers<void>();
    const session = vault.session(async ({ resources }) => {
      if (resources !== undefined) opened.resolve(await resources());
      await ended.promise;
    });
    return {
      simulator,
      resources: await opened.promise,
      async close() {
        ended.resolve();
        await session;
        await http.close();
        await close();
      },
    };
  };

  let vault: Awaited<ReturnType<typeof openVault>>;
  beforeAll(async () => {
    vault = await openVault();
  });
  afterAll(() => vault.close());

  /** Objects with a mark of the relay. */
  const made = (): number => {
    const { assets, systems, managedAccounts, rules, groups } = vault.simulator.contents;
    const descriptions = [
      ...assets().map(({ Description }) => Description),
      ...systems().map(({ Description }) => Description),
      ...managedAccounts().map(({ description }) => description),
      ...rules().map(({ description }) => description),
      ...groups().map(({ description }) => description),
    ];
    return descriptions.filter((description) => description?.includes('[pam-relay ')).length;
  };
  const MARKED = 5;

  const start = async (): Promise<ProvisionWorld> => {
    const types = await passwordSafe.resources?.();
    if (types === undefined) throw new Error('There are no resources.');
    const system = { types, resources: vault.resources };
    return createProvisionWorld({ ...EXAMPLE, removal: { graceDays: 1 } }, system);
  };
  const removeAll = async (world: ProvisionWorld): Promise<void> => {
    await world.send('i-1', { position: 1000, action: 'deprovision' });
    await world.drain();
    await settle(world);
  };

  it.each<Break>(['stop before', 'stop after', 'lose answer', 'refuse'])(
    'ends with all or nothing, whichever call meets "%s", and a later message repairs it',
    async (how) => {
      const probe = await start();
      await probe.send('i-1', { position: 1, action: 'provision', inputs: INPUTS });
      await probe.drain();
      expect(made()).toBe(MARKED);
      const calls = probe.calls();
      await removeAll(probe);
      expect(made()).toBe(0);
      for (let at = 0; at < calls; at++) {
        const world = await start();
        world.breakAt(at, how);
        await world.send('i-1', { position: 1, action: 'provision', inputs: INPUTS });
        await world.drain();
        world.heal();
        await settle(world);
        const state = (await world.subject('i-1'))?.state;
        expect([at, state, made()]).toEqual([at, state, state === 'provisioned' ? MARKED : 0]);
        await world.send('i-1', { position: 2, action: 'provision', inputs: INPUTS });
        await world.drain();
        expect([at, made()]).toEqual([at, MARKED]);
        await removeAll(world);
        expect([at, made()]).toEqual([at, 0]);
      }
    },
  );
});

describe('5,000 machines that appear at once', () => {
  it('are all provisioned, each message up to three times and in any order, and each ends as its latest message says', async () => {
    const { wanted, found, violations } = await flood(5000, 1);
    expect(found).toEqual(wanted);
    expect(violations).toEqual([]);
  });
});

describe('machines that appear at once, in the deployed functions', () => {
  const MACHINES = 40;
  const LIMITS = { inFlight: 4, perSecond: 150 };
  /** Lambda's quota of a new account, of which the queue uses a part. */
  const CONCURRENCY = 10;
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 1,
      seed: 1,
      waitScale: 0.02,
      maxConcurrentInvocations: CONCURRENCY,
      provisions: true,
      configure: (config) => config.setIn(['connections', 'vault-admin', 'limits'], LIMITS),
    });
  });
  afterAll(() => world.close());

  it('keep to the limits of the connection and of Lambda, lose nothing, and leave no credential anywhere', async () => {
    const provisioning = createProvisioning(world);
    await provisioning.all('provision', MACHINES, 1);
    expect(provisioning.counts()).toMatchObject({ made: MACHINES * 7, failed: 0 });
    const { maxInFlight, maxPerSecond } = world.vault.load();
    expect(maxInFlight).toBeLessThanOrEqual(LIMITS.inFlight);
    expect(maxPerSecond).toBeLessThanOrEqual(LIMITS.perSecond);
    expect(await world.findLeaks()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
    expect(world.vault.openSessions()).toEqual([]);
  });
});

describe('a machine whose accounts the user who reads credentials must be able to check out', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 1,
      seed: 1,
      waitScale: 0,
      provisions: true,
      configure: (config) => config.setIn(['provisioning', BLUEPRINT, 'proof', 'access'], NAMES.connection),
    });
  });
  afterAll(() => world.close());

  it('is provisioned once the rule of all accounts covers them, with the permissions of the stack', async () => {
    const provisioning = createProvisioning(world);
    await provisioning.all('provision', 1, 1);
    expect(provisioning.counts()).toMatchObject({ made: 7, failed: 0 });
    const tests = world.vault.audit.filter(({ template }) => template === 'AccessPolicies/Test');
    expect(tests.map(({ user }) => user)).toEqual(tests.map(() => DEFAULT_APPLICATION.userName));
    expect(tests.at(0)).toMatchObject({ status: 403 });
    expect(tests.at(-1)).toMatchObject({ status: 200 });
    expect(world.vault.openSessions()).toEqual([]);
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
  });
});
