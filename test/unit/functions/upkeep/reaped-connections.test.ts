import { describe, expect, it, vi } from 'vitest';
import { createReapedConnections } from '#functions/upkeep/reap/reaped-connections.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { aCheckoutConfig, aConfig, aRotationConfig, parseShapeOf } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';

const { vault } = fakeVault();

/** Claims at one site, whose users are named like connections. */
const reapedOf = (config: RelayConfig, vaultOf = async (_connection: string) => vault, users: readonly string[] = []) =>
  createReapedConnections({
    config,
    vaultOf,
    claimantOf: async (user) => ({ site: 'vault', user }),
    claimants: async () => users.map((user) => ({ site: 'vault', user })),
  })();

describe('the connections where leases can be open', () => {
  const found = async (config: RelayConfig) => (await reapedOf(config)).found;

  it.each([
    ['opens leases for accounts', {}, ['vault']],
    ['reads by the ISA role', { access: 'isa' }, []],
    ['opens leases for aliases', { source: 'aliases', name: 'a/{aliasName}' }, ['vault']],
    ['reads Secrets Safe', { source: 'secrets-safe', name: 'a/{folderPath}/{title}' }, []],
  ])('are checked for a sync that %s', async (_what, sync, expected) => {
    expect((await found(aConfig(sync))).map(({ connection }) => connection)).toEqual(expected);
  });

  it('include those of checkouts that open leases, with such a rule', async () => {
    const config = aCheckoutConfig({}, { access: 'isa' });
    expect(await found(config)).toEqual([{ connection: 'vault', vault, rule: config.checkouts['tickets'] }]);
    expect(await found(aCheckoutConfig({ access: 'isa' }, { access: 'isa' }))).toEqual([]);
  });

  it('exclude a connection that no rule reads from, which is not even opened', async () => {
    const { connections, ...config } = aConfig();
    const [settings] = Object.values(connections);
    const vaultOf = vi.fn(async () => vault);
    const more = parseShapeOf({ ...config, connections: { unused: settings, ...connections } });
    expect(await reapedOf(more, vaultOf)).toMatchObject({ found: [{}], failures: [] });
    expect(vaultOf).toHaveBeenCalledExactlyOnceWith('vault');
  });

  it('include one whose user has claims and that only a rotation uses, and an error for other claims', async () => {
    const { connections, ...rules } = aRotationConfig({ connection: 'changer' });
    const config = parseShapeOf({ ...rules, connections: { ...connections, changer: connections['vault'] } });
    const vaultOf = vi.fn(async () => vault);
    const { found: there, failures } = await reapedOf(config, vaultOf, ['vault', 'changer', 'former']);
    expect(there.map(({ connection }) => connection)).toEqual(['vault', 'changer']);
    expect(failures).toMatchObject([{ name: 'ConfigurationInvalid', message: expect.stringContaining('former') }]);
    expect((await reapedOf(config)).found.map(({ connection }) => connection)).toEqual(['vault']);
  });

  it('are found even if another connection cannot be opened, and that error is reported', async () => {
    const { connections, checkouts, ...config } = aCheckoutConfig({}, {});
    const [settings] = Object.values(connections);
    const more = parseShapeOf({
      ...config,
      connections: { broken: settings, ...connections },
      checkouts: { tickets: { ...checkouts['tickets'], connection: 'broken' } },
    });
    const { found: there, failures } = await reapedOf(more, async (connection) => {
      if (connection === 'broken') throw new RelayError('ConfigurationInvalid', 'broken');
      return vault;
    });
    expect(there).toMatchObject([{ connection: 'vault' }]);
    expect(failures).toMatchObject([{ name: 'ConfigurationInvalid' }]);
  });
});
