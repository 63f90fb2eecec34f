import pMap from 'p-map';
import type { Leases } from '#shared/connections/vault.ts';
import { asRelayError, combineErrors, type RelayError } from '#shared/errors.ts';
import { findOurs, type IsOurs } from '#shared/leases/ours.ts';

/** Maximum number of closes queued at once; the limits of the connection still apply. */
const MAX_CONCURRENCY = 64;

/** Outcome of closing one lease; `at` is the time in epoch milliseconds by the vault's clock. */
export interface Closed {
  readonly id: string;
  readonly at?: number | undefined;
  readonly failure?: RelayError;
}

/** Outcomes of all leases, and their errors combined into one. */
export interface Closing {
  readonly closed: readonly Closed[];
  readonly failure?: RelayError | undefined;
}

/**
 * Closes the leases that are known to be ours, then all others that belong to the run. A lease that no longer exists
 * counts as closed. Each failure is in its own outcome. If the list of open leases is unavailable or partly unreadable,
 * the leases that were closed still count. Never raises; repeatable.
 */
export const closeAll = async (leases: Leases, known: readonly string[], isOurs: IsOurs): Promise<Closing> => {
  const close = (ids: readonly string[]) => pMap(ids, (id) => closeOne(leases, id), { concurrency: MAX_CONCURRENCY });
  const closed = await close(known);
  const failures: RelayError[] = [];
  try {
    const ours = await findOurs(leases, isOurs, (error) => failures.push(error));
    const left = ours.map(({ id }) => id).filter((id) => !known.includes(id));
    closed.push(...(await close(left)));
  } catch (thrown) {
    failures.push(asRelayError(thrown, 'Listing open leases'));
  }
  return { closed, failure: combineErrors([...closed.flatMap(({ failure }) => failure ?? []), ...failures]) };
};

const closeOne = async (leases: Leases, id: string): Promise<Closed> => {
  try {
    const { at } = await leases.close(id, 'Delivered by pam-relay.');
    return { id, at: at === undefined ? undefined : Date.parse(at) };
  } catch (thrown) {
    return { id, failure: asRelayError(thrown, `Closing lease ${id}`) };
  }
};
