import type { RelayError } from '#shared/errors.ts';
import type { Settled } from '#shared/workflows/sync.ts';

/** The outcome of a target, or of an orphan, that an error ended. */
export const failedWith = ({
  name,
  message,
}: RelayError): { readonly outcome: 'failed'; readonly failure: NonNullable<Settled['failure']> } => ({
  outcome: 'failed',
  failure: { name, message },
});
