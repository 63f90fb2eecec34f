/**
 * First step of a sync and of each of its batches. Changes nothing but the cached token, and may run twice. The workflow
 * gives up on `SignInRefused` and `LicenceRefused` at once: each refused sign-in is mailed to an administrator.
 */
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { createAuthenticate, createAuthenticateCheckout } from './authenticate.ts';
import { checkoutContract, contract, environment } from './contract.ts';

const { config, vaults } = createRelay(readEnvironment(environment));

const { ensureSignIn } = vaults;

export const handler = byOrder({
  sync: defineHandler('authenticate', contract, createAuthenticate({ syncs: config.syncs, ensureSignIn })),
  checkout: defineHandler(
    'authenticate',
    checkoutContract,
    createAuthenticateCheckout({ checkouts: config.checkouts, ensureSignIn }),
  ),
});
