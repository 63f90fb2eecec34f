import type { RelayError } from '#shared/errors.ts';
import type { Settled } from '#shared/workflows/sync.ts';

/** Outcome of a target or an orphan that failed with an error. */
export const failedWith = ({
  name,
  message,
}: RelayError): { readonly outcome: 'failed'; readonly failure: NonNullable<Settled['failure']> } => ({
  outcome: 'failed',
  failure: { name, message },
});
