import type { CheckoutRun } from '#shared/checkout-workflow.ts';
import { checkoutNamed } from '#shared/config/checkout-named.ts';
import type { CheckoutConfig, SyncConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutRun } from '#shared/messages.ts';
import type { Run } from '#shared/workflow.ts';

/** Makes sure that a connection can be signed in to; says until when, where that is known. */
type EnsureSignIn = (connection: string) => Promise<{ expiresAt: string | null }>;

export interface AuthenticateDependencies {
  readonly syncs: Readonly<Record<string, SyncConfig>>;
  readonly ensureSignIn: EnsureSignIn;
}

/**
 * Makes sure that the sync's connection can be signed in to before anything depends on it: an OAuth token that is fresh
 * and made from today's client secret, or one sign-in with the API key. Safe to repeat: it reads before it asks.
 */
export const createAuthenticate =
  ({ syncs, ensureSignIn }: AuthenticateDependencies) =>
  async ({ run, order }: Run): Promise<{ connection: string; expiresAt: string | null }> => {
    const sync = syncNamed(syncs, order.sync);
    if (!run.startsWith(`${order.sync}.`)) {
      throw new RelayError(
        'ConfigurationInvalid',
        `An execution's name must begin with its sync: start it as ${order.sync}.<anything>, not ${run}, so that runs can tell each other apart.`,
      );
    }
    return { connection: sync.connection, ...(await ensureSignIn(sync.connection)) };
  };

/** The same for the connection of a checkout. */
export const createAuthenticateCheckout =
  ({ checkouts, ensureSignIn }: { checkouts: Readonly<Record<string, CheckoutConfig>>; ensureSignIn: EnsureSignIn }) =>
  async ({ run, order }: CheckoutRun): Promise<{ connection: string; expiresAt: string | null }> => {
    if (run !== checkoutRun(order)) {
      throw new RelayError(
        'ConfigurationInvalid',
        `The execution of a checkout has to be named after it: start it as ${checkoutRun(order)}, not ${run}.`,
      );
    }
    const { connection } = checkoutNamed(checkouts, order.checkout);
    return { connection, ...(await ensureSignIn(connection)) };
  };
