import type { RelayError } from '#shared/errors.ts';

const OF_DIRECTORY: ReadonlySet<string> = new Set([
  ...['StoreUnavailable', 'StoreDenied', 'ContractViolated', 'SessionLost', 'SignInRefused', 'RateLimited'],
]);

/** True for errors of the records, of a session or of a limit, which concern every step. Pure. */
export const isOfDirectory = ({ name }: RelayError): boolean => OF_DIRECTORY.has(name);
