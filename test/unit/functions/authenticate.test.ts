import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuthenticate } from '#functions/authenticate/authenticate.ts';
import type { Run } from '#shared/workflows/run.ts';
import { CHECKOUT } from '#test/support/checkouts.ts';
import { aCheckoutConfig, aRun } from '#test/support/configs.ts';
import { fakeVault } from '#test/support/fake-vault.ts';

const EXPIRES_AT = '2026-03-01T13:00:00.000Z';

describe('authenticating', () => {
  const { vault } = fakeVault();
  const ensureSignIn = vi.fn(async () => ({ expiresAt: EXPIRES_AT }));
  const providerOf = vi.fn(async (_connection: string) => ({ ...vault, ensureSignIn }));
  beforeEach(() => {
    ensureSignIn.mockClear();
    providerOf.mockClear();
  });
  const authenticate = (run: Run, checkout = {}) =>
    createAuthenticate({ config: aCheckoutConfig(checkout), providerOf })(run);

  it('for a sync signs in to its connection, and returns the expiry', async () => {
    expect(await authenticate(aRun())).toEqual({ connection: 'vault', expiresAt: EXPIRES_AT });
    expect(providerOf).toHaveBeenLastCalledWith('vault');
  });

  it('for a checkout signs in to the connection of its rule', async () => {
    const { connection } = await authenticate(CHECKOUT, { connection: 'elsewhere' });
    expect(connection).toBe('elsewhere');
    expect(providerOf).toHaveBeenLastCalledWith('elsewhere');
  });

  it.each([
    [{ ...aRun(), run: 'by-hand.1' }, 'Start it as databases.<unique part>, not by-hand.1'],
    [{ ...aRun(), run: 'databases' }, 'Start it as databases.<unique part>'],
    [{ ...CHECKOUT, run: 'tickets2.CHG1' }, 'Start it as tickets.<unique part>'],
  ])('refuses an execution whose name does not begin with its rule: $run', async (run, message) => {
    await expect(authenticate(run)).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining(message),
    });
    expect(ensureSignIn).not.toHaveBeenCalled();
  });

  it('refuses a rule that was not deployed, and lists the deployed ones', async () => {
    await expect(authenticate({ workflow: 'checkout', rule: 'toString', run: 'toString.1' })).rejects.toThrow(
      'There is no checkout "toString" in the deployed relay.yaml. Use one of: tickets.',
    );
    await expect(authenticate({ workflow: 'sync', rule: 'tickets', run: 'tickets.1' })).rejects.toThrow(
      'There is no sync "tickets" in the deployed relay.yaml. Use one of: databases.',
    );
  });
});
