import { PersonBusy } from '#shared/directory/people.ts';
import type { RelayError } from '#shared/errors.ts';

const OF_DIRECTORY: ReadonlySet<string> = new Set([
  'StoreUnavailable',
  'StoreDenied',
  'ContractViolated',
  'SessionLost',
  'SignInRefused',
  'RateLimited',
  'LimitReached',
]);

/** True for errors of the records, of a session or of a limit, which concern every step. Pure. */
export const isOfDirectory = (error: RelayError): boolean =>
  OF_DIRECTORY.has(error.name) && !(error instanceof PersonBusy);
