import { describe, expect, it, vi } from 'vitest';
import { createAuthenticate, createAuthenticateCheckout } from '#functions/authenticate/authenticate.ts';
import { aCheckoutRun, aRule, RUN } from '#test/support/checkouts.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';

const ensureSignIn = vi.fn(async (_connection: string) => ({ expiresAt: null }));

describe('authenticating for a sync', () => {
  const authenticate = createAuthenticate({ syncs: syncsOf(), ensureSignIn });

  it('signs in to the connection of the sync', async () => {
    expect(await authenticate(aRun())).toEqual({ connection: 'vault', expiresAt: null });
    expect(ensureSignIn).toHaveBeenLastCalledWith('vault');
  });

  it('refuses an execution that does not carry the name of its sync', async () => {
    await expect(authenticate({ ...aRun(), run: 'by-hand' })).rejects.toThrow('start it as databases.<anything>');
  });
});

describe('authenticating for a checkout', () => {
  const authenticate = createAuthenticateCheckout({ checkouts: { tickets: aRule() }, ensureSignIn });

  it('signs in to the connection of the rule', async () => {
    expect(await authenticate(aCheckoutRun)).toEqual({ connection: 'vault', expiresAt: null });
  });

  it.each(['by-hand', `${RUN}0`, 'tickets', 'tickets.CHG2'])(
    'refuses an execution by another name, by which nothing of it would be found again: %s',
    async (run) => {
      ensureSignIn.mockClear();
      await expect(authenticate({ ...aCheckoutRun, run })).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining(`start it as ${RUN}, not ${run}`),
      });
      expect(ensureSignIn).not.toHaveBeenCalled();
    },
  );

  it('refuses a rule that was not deployed, with those that were', async () => {
    const order = { ...aCheckoutRun.order, checkout: 'toString', id: '1' };
    await expect(authenticate({ run: 'toString.1', order })).rejects.toThrow(
      'There is no checkout "toString" in the deployed relay.yaml. Ask under one of: tickets.',
    );
  });
});
