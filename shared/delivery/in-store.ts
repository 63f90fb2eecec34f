import { RelayError } from '#shared/errors.ts';

/** Adds the name of the store to the error of a target, because two stores can have a secret of the same name. Pure. */
export const inStore = (store: string, error: RelayError): RelayError =>
  new RelayError(error.name, `Store ${store}: ${error.message}`, {
    cause: error,
    mayHaveHappened: error.mayHaveHappened,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
