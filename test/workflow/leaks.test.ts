import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault as StoreFault } from '#local/aws/secrets-manager/faults.ts';
import { brokenPromises } from '#local/promises.ts';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';

const HALF_AN_HOUR_MS = 30 * 60_000;
/** Enough for a credential of every shape: quotes, backslashes, lines, blanks, letters of all kinds, base64, 20 KB. */
const ACCOUNTS = 26;
/** Calls that carry a credential, or what was made of one. */
const WRITES = ['CreateSecret', 'PutSecretValue', 'GetSecretValue', 'UpdateSecretVersionStage'] as const;

describe('whatever goes wrong while a credential is on its way', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: ACCOUNTS,
      seed: 21,
      waitScale: 0,
      configure: (config) => config.setIn(['connections', NAMES.connection, 'limits', 'timeoutSeconds'], 2),
    });
    await world.runSync();
  });
  afterAll(() => world.close());

  /** Every credential is new, and every third secret has to be made anew. */
  const changeEverything = (): { gone: readonly string[]; kept: readonly string[] } => {
    const { vault, aws, clock } = world;
    clock.advance(HALF_AN_HOUR_MS);
    for (const { accountId, kind } of vault.accounts()) if (kind !== 'rotating') vault.changeCredential(accountId);
    const names = Object.keys(aws.secretsManager.currentValues()).filter((name) => name.startsWith(NAMES.secretPrefix));
    const gone = names.filter((_, index) => index % 3 === 0);
    for (const SecretId of gone) {
      aws.secretsManager.handle('DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true });
    }
    clock.advance(HALF_AN_HOUR_MS);
    return { gone, kept: names.filter((name) => !gone.includes(name)) };
  };

  /** A run under the fault, and one without it; then nothing may be left of either. */
  const expectNoTrace = async (): Promise<void> => {
    await world.runSync();
    world.vault.faults.clear();
    world.aws.secretsManager.faults.clear();
    world.clock.advance(2 * HALF_AN_HOUR_MS);
    await world.runSync();
    await world.runReap();
    expect(brokenPromises(world, await world.findLeaks())).toEqual([]);
  };

  const aCredential = (): string => world.vault.accounts()[0]?.credential ?? '';

  const echo = (status: number) => (): FaultEffect => ({ type: 'status', status, body: JSON.stringify(aCredential()) });
  const EFFECTS: readonly (readonly [string, () => FaultEffect])[] = [
    ['a refusal that quotes a credential', echo(400)],
    ['a failure that quotes a credential', echo(500)],
    ['a refusal of the session that quotes a credential', echo(401)],
    ['a credential that is no JSON', () => ({ type: 'status', status: 200, body: aCredential() })],
    [
      'a credential as a type of content',
      () => ({ type: 'status', status: 200, contentType: 'text/canary-0123456789ab' }),
    ],
    ['a shape around a credential', () => ({ type: 'wrong-shape', value: { [aCredential()]: [aCredential()] } })],
    ['an answer cut off', () => ({ type: 'cut-off' })],
    ['a reset', () => ({ type: 'reset', when: 'after' })],
    ['a wrong charset', () => ({ type: 'wrong-charset' })],
    ['a huge answer', () => ({ type: 'huge', bytes: 2_000_000 })],
  ];

  it.each(EFFECTS)('%s from the vault leaves nothing of it behind', async (_name, effect) => {
    changeEverything();
    const before = world.vault.audit.length;
    world.vault.faults.add(
      { kind: 'request', nth: 2, times: 3, effect: effect() },
      { kind: 'credential', nth: 2, times: 12, effect: effect() },
      { kind: 'checkin', times: 3, effect: effect() },
    );
    await expectNoTrace();
    const hit = world.vault.audit.slice(before).flatMap(({ kind, fault }) => (fault === undefined ? [] : [kind]));
    expect(new Set(hit)).toEqual(new Set(['request', 'credential', 'checkin']));
  });

  const STORE_FAULTS: readonly (readonly [string, () => Pick<StoreFault, 'kind' | 'when' | 'code' | 'message'>])[] = [
    ['a denial', () => ({ kind: 'deny' })],
    ['a throttle', () => ({ kind: 'throttle' })],
    ['a failure that quotes a value', () => ({ kind: 'internal', message: `Can not store ${aCredential()}` })],
    ['a reset before the effect', () => ({ kind: 'reset', when: 'before' })],
    ['a reset after the effect', () => ({ kind: 'reset', when: 'after' })],
    [
      'a refusal that quotes a value',
      () => ({ kind: 'reject', code: 'ValidationException', message: `Value '${aCredential()}' at 'secretString'` }),
    ],
  ];

  it.each(STORE_FAULTS)('%s from the store leaves nothing of it behind', async (_name, fault) => {
    const { gone, kept } = changeEverything();
    world.aws.secretsManager.forgetCalls();
    for (const [index, action] of WRITES.entries()) {
      // Some secrets for each action, and for as long as anybody tries.
      const hit = action === 'CreateSecret' ? gone : kept.slice(4 * index - 4, 4 * index);
      for (const secretId of hit) world.aws.secretsManager.faults.add({ ...fault(), action, secretId });
    }
    await expectNoTrace();
    const failed = world.aws.secretsManager.calls.filter(({ result }) => result !== 'ok').map(({ action }) => action);
    expect(WRITES.filter((action) => !failed.includes(action))).toEqual([]);
  });
});
