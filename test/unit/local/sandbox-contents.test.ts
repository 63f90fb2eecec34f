import { describe, expect, it } from 'vitest';
import { sandboxContents } from '#local/sandbox-contents.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { ROLES } from '#local/simulators/password-safe/users.ts';

describe('the vault of the sandbox', () => {
  it.each([
    [1, 1, false],
    [12, 3, true],
    [40, 4, true],
  ])('with %i accounts has a user for every call, %i aliases, and a key: %s', (accounts, aliasCount, hasKey) => {
    const options = { accounts, seed: 1 };
    const { users = [], aliases = [], secrets = [], populate } = sandboxContents(options);
    expect(users).toMatchObject([{ roles: ROLES }, { roles: expect.arrayContaining(['approver']) }]);
    expect(new Set(secrets.map(({ shape }) => shape))).toEqual(
      new Set(['credential', 'quoted-credential', 'text', 'crlf-text', 'file', 'large-file', 'unknown']),
    );

    const fleet = populate?.(createFleet(options)) ?? [];
    for (const { accountIds } of aliases) {
      const systems = fleet.filter(({ accountId }) => accountIds.includes(accountId)).map(({ systemId }) => systemId);
      expect(systems).toEqual(accountIds.length === 0 ? [] : [systems[0], systems[0]]);
    }
    expect(aliases.some(({ accountIds }) => accountIds.length === 0)).toBe(true);
    expect(aliases).toHaveLength(aliasCount);
    expect(fleet.some(({ dssKey }) => dssKey === 'openssh')).toBe(hasKey);
    expect(fleet.map((account) => ({ ...account, dssKey: null }))).toEqual(
      createFleet(options).map((account) => ({ ...account, dssKey: null })),
    );
  });
});
