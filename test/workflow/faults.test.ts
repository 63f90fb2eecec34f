import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenPromises } from '#local/promises.ts';
import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';

const HOUR_MS = 3_600_000;
const KINDS = [
  'token',
  'signIn',
  'signOut',
  'list',
  'listRequests',
  'request',
  'credential',
  'checkin',
] as const satisfies readonly CallKind[];

/** Faults after the effect of a call: one repeatable, one not. The contract tests try all others. */
const EFFECTS: readonly FaultEffect[] = [{ type: 'reset', when: 'after' }, { type: 'malformed' }];

describe('a fault in any call to the vault', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 8,
      seed: 11,
      waitScale: 0,
      configure: (config) => config.setIn(['connections', NAMES.connection, 'limits', 'timeoutSeconds'], 2),
    });
  });
  afterAll(() => world.close());

  /** A run an hour later. Every credential is new, so every call is made again. */
  const syncChanges = async (): Promise<void> => {
    world.clock.advance(HOUR_MS / 2);
    for (const { accountId, kind } of world.vault.accounts())
      if (kind !== 'rotating') world.vault.changeCredential(accountId);
    world.clock.advance(HOUR_MS / 2);
    await world.runSync();
  };
  const expectRecovery = async (): Promise<void> => {
    world.vault.faults.clear();
    world.clock.advance(HOUR_MS);
    await world.runSync();
    await world.runReap();
    expect(brokenPromises(world, await world.findLeaks())).toEqual([]);
  };

  it.each(KINDS.flatMap((kind) => EFFECTS.map((effect) => [effect.type, kind, effect] as const)))(
    '%s on %s has no effect after the next run, and leaves no credential anywhere',
    async (_name, kind, effect) => {
      world.vault.faults.add({ kind, effect, times: 2 });
      await syncChanges();
      await expectRecovery();
    },
  );

  it('that never ends an answer is ended by the deadline', async () => {
    world.vault.faults.add({ kind: 'credential', effect: { type: 'endless' } });
    await syncChanges();
    await expectRecovery();
  });

  it('that outlasts the whole run changes nothing', async () => {
    for (const kind of KINDS) world.vault.faults.add({ kind, effect: { type: 'status', status: 503 }, times: 1000 });
    await syncChanges();
    await expectRecovery();
  });
});

describe('a connection by API key', () => {
  it('delivers as well', async () => {
    const world = await startWorld({
      accounts: 8,
      seed: 12,
      configure: (config) => {
        const authentication = config.createNode({ type: 'api-key', bootstrapSecret: 'bootstrap/vault' });
        config.setIn(['connections', NAMES.connection, 'authentication'], authentication);
      },
    });
    try {
      await world.runSync();
      expect(brokenPromises(world, await world.findLeaks())).toEqual([]);
      expect(world.vault.audit.filter(({ kind }) => kind === 'token')).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
