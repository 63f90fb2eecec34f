import type { Context } from 'aws-lambda';
import * as z from 'zod';

type Handler<Output> = (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<Output>;

const ofCheckout = z.object({ order: z.object({ checkout: z.string() }) });

/** One function for the same step of two workflows: a checkout's order names its rule, and a sync's its sync. */
export const byOrder =
  <Sync, Checkout>(handlers: {
    readonly sync: Handler<Sync>;
    readonly checkout: Handler<Checkout>;
  }): Handler<Sync | Checkout> =>
  (event, context) =>
    ofCheckout.safeParse(event).success ? handlers.checkout(event, context) : handlers.sync(event, context);
