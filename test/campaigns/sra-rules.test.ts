import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMES } from '#local/relay-world.ts';
import { rotate } from '#local/rotations/rotate.ts';
import { type SraWorld, startSraWorld } from '#local/sra-world.ts';
import { openObjects } from '#test/support/local-objects.ts';

const HOUR_MS = 3_600_000;
const WINDOWS = ['windows_domain', 'windows_local'];

/** Rules over the Vault of a PRA site. */
describe('a relay over a PRA site', () => {
  let world: SraWorld;
  beforeAll(async () => {
    const every = { expression: 'rate(7 days)' };
    const common = { source: 'vault-accounts', connection: NAMES.connection, schedule: every };
    world = await startSraWorld({
      accounts: 24,
      seed: 3,
      waitScale: 0,
      configure(config) {
        const select = { policies: ['!Rotates*'] };
        config.setIn(['rotations', 'weekly'], { ...common, select, canary: 1, size: 10 });
        config.setIn(['oldCheckouts', 'hygiene'], {
          ...{ ...common, olderThanHours: 2 },
          forceCheckIn: { olderThanHours: 4, everything: true },
        });
      },
    });
    await world.runSync();
    world.clock.advance(HOUR_MS);
  });
  afterAll(() => world.close());

  const accounts = () => world.vault.simulator.accounts();
  const valuesInStore = () => Object.values(world.aws.secretsManager.currentValues()).join('\n');

  it('rotates the accounts that the site can change, reports that nothing tested them, and delivers them', async () => {
    const eligible = accounts().filter(
      ({ type, kind, autoRotates }) => WINDOWS.includes(type) && kind === 'plain' && !autoRotates,
    );
    const before = new Map(eligible.map(({ id, credential }) => [id, credential]));
    const { status, report } = await rotate(world, 'weekly');
    expect(status).toBe('SUCCEEDED');
    expect(eligible.length).toBeGreaterThan(2);
    expect(report.items.filter(({ outcome }) => outcome === 'rotated, untested')).toHaveLength(eligible.length);
    for (const { id, credential } of accounts().filter((account) => before.has(account.id))) {
      expect(credential).not.toBe(before.get(id));
      expect(valuesInStore().includes(credential)).toBe(true);
    }
    expect(world.vault.openRequests()).toEqual([]);
    expect(await openObjects(world.aws).list('claims/')).toEqual([]);
  });

  it('reports old check-outs of people, and ends those that the rule ends', async () => {
    const { simulator } = world.vault;
    const [idle, used] = accounts().filter(({ type, kind }) => type === 'username_password' && kind === 'plain');
    if (idle === undefined || used === undefined) throw new Error('The site has too few accounts.');
    for (const { id } of [idle, used]) simulator.checkOutAs('lee', id);
    simulator.startSession('lee', used.id);
    world.clock.advance(5 * HOUR_MS);
    const fired = await world.aws.scheduler.fire('old-checkouts.hygiene', world.clock.now());
    if (fired.kind !== 'invocation' || !fired.result.ok) throw new Error('The function failed.');
    expect(simulator.checkedOut().map(({ accountId }) => accountId)).toEqual([used.id]);
    expect(world.aws.permissions.denials).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
  });
});
