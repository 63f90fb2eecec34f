import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** Failures in a row after which a store counts as unavailable. Each of them includes the attempts of its client. */
const MAX_FAILURES = 3;

/** Errors of a store that does not answer, whatever it is asked. */
const OUTAGES: readonly ErrorName[] = ['StoreUnavailable', 'AnswerTimedOut', 'AnswerTruncated'];

/**
 * Stops calling a store that does not answer, so that it delays neither the deliveries to other stores nor the check-in
 * of leases. A later invocation calls it again.
 *
 * @param invocation Number of the current invocation.
 */
export const failFast = (store: SecretStore, invocation: () => number): SecretStore => {
  let current = invocation();
  let failures = 0;
  let last: RelayError | undefined;

  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    if (current !== invocation()) {
      current = invocation();
      failures = 0;
    }
    if (failures >= MAX_FAILURES && last !== undefined) throw notCalled(last);
    try {
      const result = await call();
      failures = 0;
      return result;
    } catch (thrown) {
      if (thrown instanceof RelayError && OUTAGES.includes(thrown.name)) {
        failures += 1;
        last = thrown;
      }
      throw thrown;
    }
  };

  return {
    ...store,
    inspect: (name) => guard(() => store.inspect(name)),
    holds: (name, value) => guard(() => store.holds(name, value)),
    deliver: (delivery) => guard(() => store.deliver(delivery)),
    retire: (name, recovery) => guard(() => store.retire(name, recovery)),
  };
};

const notCalled = (cause: RelayError): RelayError =>
  new RelayError(
    cause.name,
    `The store failed ${MAX_FAILURES} times in a row and was not called again in this step; the next one calls it. ${cause.message}`,
    { cause },
  );
