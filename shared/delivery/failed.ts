import type { RelayError } from '#shared/errors.ts';
import type { Settled } from '#shared/workflows/sync.ts';

/** The outcome of a target that an error ended. */
export const failedWith = ({ name, message }: RelayError): Pick<Settled, 'outcome' | 'failure'> => ({
  outcome: 'failed',
  failure: { name, message },
});
