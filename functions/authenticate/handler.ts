/**
 * First step of a sync and of each of its batches. Changes nothing but the cached token, and may run twice. The workflow
 * gives up on `SignInRefused` and `LicenceRefused` at once: each refused sign-in is mailed to an administrator.
 */
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { createAuthenticate } from './authenticate.ts';
import { contract, environment } from './contract.ts';

const { config, vaults } = createRelay(readEnvironment(environment));

export const handler = defineHandler(
  'authenticate',
  contract,
  createAuthenticate({ syncs: config.syncs, ensureSignIn: vaults.ensureSignIn }),
);
