/**
 * First step of a sync, of each of its batches, and of a checkout. Changes nothing but the cached token, and may run twice. The
 * workflow gives up on `SignInRefused` and `LicenceRefused` at once: each refused sign-in is mailed to an administrator.
 */
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { createAuthenticate } from './authenticate.ts';

export const handler = defineHandler(authenticate, createAuthenticate(createRelay(authenticate)));
