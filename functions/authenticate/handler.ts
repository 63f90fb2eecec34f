/**
 * First step of a sync, of each of its batches, and of a checkout. Changes only the cached token. Repeatable. The
 * workflow does not retry `SignInRefused` and `LicenceRefused`, because each refused sign-in is mailed to an
 * administrator.
 */
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { createAuthenticate } from './authenticate.ts';

export const handler = defineHandler(authenticate, createAuthenticate(createRelay(authenticate)));
