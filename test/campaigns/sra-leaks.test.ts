import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenPromises } from '#local/promises.ts';
import { NAMES } from '#local/relay-world.ts';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import type { CallKind } from '#local/simulators/sra/audit.ts';
import type { FaultEffect } from '#local/simulators/sra/faults.ts';
import { type SraWorld, startSraWorld } from '#local/sra-world.ts';
import { answersQuoting } from '#test/support/leaks.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Few, because the pace of the connection is that of a real site. */
const ACCOUNTS = 20;
const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;

describe('after a wrong answer of a PRA site', () => {
  let world: SraWorld;
  beforeAll(async () => {
    world = await startSraWorld({
      accounts: ACCOUNTS,
      seed: 21,
      waitScale: 0,
      configure: (config) => config.setIn(['connections', NAMES.connection, 'limits', 'timeoutSeconds'], 2),
    });
    await world.runSync();
  });
  afterAll(() => world.close());

  /** Runs once with changed credentials and the faults, and once without faults. Both must leave no trace. */
  const expectNoTrace = async (kind: CallKind, effects: readonly FaultEffect[]): Promise<void> => {
    const { vault, clock } = world;
    const { simulator } = vault;
    clock.advance(DAY_MS);
    for (const { accountId } of vault.accounts()) vault.changeCredential(accountId);
    clock.advance(HOUR_MS);
    const start = simulator.audit.length;
    simulator.faults.add(...effects.map((effect, index) => ({ kind, nth: 1 + index, effect })));
    await world.runSync();
    const faults = simulator.audit.slice(start).filter(({ fault }) => fault !== undefined);
    expect(faults.map((call) => call.kind)).toEqual(effects.map(() => kind));
    simulator.faults.clear();
    clock.advance(HOUR_MS);
    await world.runReap();
    await world.runSync();
    expect(brokenPromises(world, await world.findLeaks())).toEqual([]);
  };

  const aCredential = (): string => world.vault.accounts()[0]?.credential ?? '';

  it.each(['checkOut', 'checkIn'] as const)('to a %s, no credential is left behind', (kind) =>
    expectNoTrace(kind, answersQuoting(aCredential())),
  );

  it('that quotes the client secret, neither it nor a credential is left behind', async () => {
    world.vault.simulator.killTokens(clientId);
    const body = JSON.stringify({ error: 'temporarily_unavailable', error_description: clientSecret });
    await expectNoTrace('token', [{ type: 'status', status: 503, body }]);
  });

  it('that ends the token and quotes a credential, no credential is left behind', () =>
    expectNoTrace('checkOut', [{ type: 'status', status: 401, body: JSON.stringify({ error: aCredential() }) }]));
});
