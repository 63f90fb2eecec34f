import { setImmediate as turn } from 'node:timers/promises';
import { CreateSecretCommand, DeleteSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { createTokenCache } from '#shared/aws/token-cache.ts';
import { createRenewals } from '#shared/limits/renewals.ts';
import { Secret } from '#shared/secret.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { interleave } from '#test/support/interleave.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

const CACHE = 'pam-relay/relay/token/vault';
const MINUTE_MS = 60_000;

/** A vault that issues numbered tokens, the cache's secret in a store, and any number of processes. */
const setUp = async ({ lifetimeSeconds = 3600, alone = false } = {}) => {
  const world = { now: Date.UTC(2026, 0, 1), bootstrapVersion: 'bootstrap-1', fetched: 0 };
  const manager = createSecretsManager({ now: () => world.now });
  const client = connectInProcess(manager);
  await client.send(new CreateSecretCommand({ Name: CACHE }));
  manager.forgetCalls();
  let requests = 0;
  const records = memorySharedRecords();
  const newProcess = (gate: () => Promise<void> = async () => {}) =>
    createTokenCache({
      client: connectInProcess(manager, { gate }),
      secretId: CACHE,
      now: () => world.now,
      random: () => 0.5,
      fetchToken: async () => {
        world.fetched += 1;
        return { accessToken: new Secret(`token-${world.fetched}`), expiresInSeconds: lifetimeSeconds };
      },
      bootstrapVersion: async () => world.bootstrapVersion,
      newRequestToken: () => String(++requests).padStart(32, '0'),
      ...(alone && {
        renewals: createRenewals({ connection: 'vault', records, now: () => world.now, sleep: () => turn() }),
      }),
    });
  const pass = (ms: number): void => {
    world.now += ms;
  };
  return { world, manager, client, newProcess, pass };
};
const reveal = async (token: Promise<Secret>): Promise<string> => (await token).reveal();

describe('ensure', () => {
  test('fetches a token into an empty cache, and returns its expiry', async () => {
    const { world, newProcess } = await setUp();
    expect(await newProcess().ensure()).toEqual({ expiresAt: new Date(world.now + 3600_000).toISOString() });
    expect(await reveal(newProcess().get())).toBe('token-1');
    expect(world.fetched).toBe(1);
  });

  test('uses no token for longer than a day, whatever lifetime the vault reports', async () => {
    for (const lifetimeSeconds of [86_401, 1e9, 1e300, Number.POSITIVE_INFINITY]) {
      const { world, newProcess, pass } = await setUp({ lifetimeSeconds });
      expect(await newProcess().ensure()).toEqual({ expiresAt: new Date(world.now + 86_400_000).toISOString() });
      pass(86_400_000);
      expect(await reveal(newProcess().get())).toBe('token-2');
    }
  });

  test('keeps a valid token, in one call', async () => {
    const { manager, world, newProcess } = await setUp();
    await newProcess().ensure();
    manager.forgetCalls();
    await newProcess().ensure();
    expect(world.fetched).toBe(1);
    expect(manager.callCounts()).toEqual({ GetSecretValue: 1 });
  });

  test('refreshes a token that is near its end, ahead of it', async () => {
    const { world, newProcess, pass } = await setUp();
    await newProcess().ensure();
    pass(55 * MINUTE_MS);
    await newProcess().ensure();
    expect(world.fetched).toBe(1);
    pass(2 * MINUTE_MS);
    await newProcess().ensure();
    expect(world.fetched).toBe(2);
  });

  test('replaces a token that was obtained with another version of the bootstrap secret', async () => {
    const { world, newProcess } = await setUp();
    const relay = newProcess();
    await relay.ensure();
    world.bootstrapVersion = 'bootstrap-2';
    await relay.ensure();
    expect(await reveal(newProcess().get())).toBe('token-2');
    await relay.ensure();
    expect(world.fetched).toBe(2);
  });

  test('treats unreadable content as a missing token', async () => {
    const { client, newProcess } = await setUp();
    await client.send(new PutSecretValueCommand({ SecretId: CACHE, SecretString: 'made by hand' }));
    await newProcess().ensure();
    expect(await reveal(newProcess().get())).toBe('token-1');
  });

  test('requests a deployment, and no token, if the secret of the stack is missing', async () => {
    const { client, world, newProcess } = await setUp();
    await client.send(new DeleteSecretCommand({ SecretId: CACHE, ForceDeleteWithoutRecovery: true }));
    await expect(newProcess().ensure()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    expect(world.fetched).toBe(0);
  });

  test('does not treat a denied read as an empty cache', async () => {
    const { manager, world, newProcess } = await setUp();
    manager.faults.denyAction('GetSecretValue');
    await expect(newProcess().ensure()).rejects.toMatchObject({ name: 'StoreDenied' });
    expect(world.fetched).toBe(0);
  });
});

describe('get', () => {
  test('reads the store in one call each time, because a remembered token can be outdated', async () => {
    const { manager, newProcess } = await setUp();
    const relay = newProcess();
    await relay.get();
    manager.forgetCalls();
    expect(await reveal(relay.get())).toBe('token-1');
    expect(manager.callCounts()).toEqual({ GetSecretValue: 1 });
  });

  test('does not use a token of a client secret that was rotated since', async () => {
    const { world, newProcess } = await setUp();
    const relay = newProcess();
    await relay.get();
    world.bootstrapVersion = 'bootstrap-2';
    await newProcess().ensure();
    expect(await reveal(relay.get())).toBe('token-2');
  });

  test('uses the token that another process refreshed, if its own is near the end', async () => {
    const { world, newProcess, pass } = await setUp();
    const relay = newProcess();
    await relay.get();
    pass(57 * MINUTE_MS);
    await newProcess().ensure();
    expect(await reveal(relay.get())).toBe('token-2');
    expect(world.fetched).toBe(2);
  });

  test('refreshes once, even for many callers at the same time', async () => {
    const { world, newProcess } = await setUp();
    const relay = newProcess();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => reveal(relay.get())));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(world.fetched).toBe(1);
  });

  test('tries again after a failed refresh', async () => {
    const { manager, newProcess } = await setUp();
    const relay = newProcess();
    manager.faults.add({ kind: 'throttle', action: 'PutSecretValue', times: 1 });
    await expect(relay.get()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(await reveal(relay.get())).toBe('token-2');
  });

  test('returns an unshared token of this process if the cache accepts no more versions', async () => {
    const { manager, newProcess, pass, world } = await setUp();
    const relay = newProcess();
    await newProcess().get();
    manager.faults.add({ kind: 'reject', code: 'LimitExceededException', action: 'PutSecretValue' });
    await relay.drop(await relay.get());
    for (const _ of [1, 2]) expect(await reveal(relay.get())).toBe('token-2');
    pass(60 * MINUTE_MS);
    for (const _ of [1, 2]) expect(await reveal(relay.get())).toBe('token-3');
    expect(world.fetched).toBe(3);
  });
});

describe('drop', () => {
  test('replaces the token that the vault refused, for every process', async () => {
    const { world, newProcess } = await setUp();
    const relay = newProcess();
    await relay.drop(await relay.get());
    expect(await reveal(newProcess().get())).toBe('token-2');
    expect(world.fetched).toBe(2);
  });

  test('keeps a token that another process has already replaced', async () => {
    const { world, newProcess } = await setUp();
    const [relay, other] = [newProcess(), newProcess()];
    const refused = await relay.get();
    await other.drop(refused);
    await relay.drop(refused);
    expect(await reveal(relay.get())).toBe('token-2');
    expect(world.fetched).toBe(2);
  });
});

test('processes that refresh at the same time end up with one cached token, which all of them can use', async () => {
  const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 });
  const starts = fc.constantFrom('empty', 'expiring');
  await fc.assert(
    fc.asyncProperty(starts, fc.integer({ min: 2, max: 4 }), choices, async (start, count, order) => {
      const { world, manager, newProcess, pass } = await setUp();
      if (start === 'expiring') await newProcess().ensure();
      pass(57 * MINUTE_MS);
      const before = world.fetched;
      const processes = Array.from({ length: count }, () => async (gate: () => Promise<void>) => {
        const relay = newProcess(gate);
        await relay.ensure();
        return reveal(relay.get());
      });
      const results = await interleave(processes, order);
      const tokens = results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason));
      const cached = await reveal(newProcess().get());
      expect(new Set(tokens)).toEqual(new Set([cached]));
      expect(world.fetched - before).toBeLessThanOrEqual(count);
      expect(manager.promotions(CACHE)).toHaveLength(start === 'expiring' ? 2 : 1);
    }),
    { numRuns: 100 },
  );
});

test('two processes that disagree about the bootstrap secret still end with a usable token each', async () => {
  const { world, newProcess } = await setUp();
  const order = [0, 1, 1, 0, 0, 1];
  const results = await interleave(
    ['bootstrap-1', 'bootstrap-2'].map((version) => async (gate: () => Promise<void>) => {
      const relay = newProcess(gate);
      world.bootstrapVersion = version;
      return reveal(relay.get());
    }),
    order,
  );
  expect(results.every((result) => result.status === 'fulfilled')).toBe(true);
});

test('a token of any lifetime is never returned after its end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 60, max: 3600 }),
      fc.array(fc.nat(2 * 3600), { minLength: 1, maxLength: 6 }),
      async (lifetimeSeconds, waits) => {
        const { world, newProcess, pass } = await setUp({ lifetimeSeconds });
        const relay = newProcess();
        const fetchedAt = new Map<string, number>();
        for (const seconds of waits) {
          const token = await reveal(relay.get());
          const at = fetchedAt.get(token) ?? world.now;
          fetchedAt.set(token, at);
          expect(world.now).toBeLessThan(at + lifetimeSeconds * 1000);
          pass(seconds * 1000);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('no error of the cache contains the token', async () => {
  for (const action of ['PutSecretValue', 'UpdateSecretVersionStage', 'GetSecretValue']) {
    const { manager, client, newProcess } = await setUp();
    await client.send(new PutSecretValueCommand({ SecretId: CACHE, SecretString: 'old' }));
    manager.faults.add({ kind: 'reject', code: 'ValidationException', action, message: 'token-1' });
    const error: unknown = await newProcess()
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'StoreRejected', message: expect.not.stringContaining('token-1') });
  }
});

test('twenty functions that meet the end of a token, or its refusal, request one', async () => {
  const { world, newProcess, pass } = await setUp({ alone: true });
  const processes = Array.from({ length: 20 }, () => newProcess());
  const tokens = () => Promise.all(processes.map((one) => reveal(one.get())));
  expect(new Set(await tokens())).toEqual(new Set(['token-1']));
  pass(60 * MINUTE_MS);
  expect(new Set(await tokens())).toEqual(new Set(['token-2']));
  await Promise.all(processes.map((one) => one.drop(new Secret('token-2'))));
  expect(new Set(await tokens())).toEqual(new Set(['token-3']));
  expect(world.fetched).toBe(3);
});
