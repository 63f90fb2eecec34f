import pMap from 'p-map';
import type { Leases } from '#shared/connections/vault.ts';
import { asRelayError, inOne, type RelayError } from '#shared/errors.ts';
import { findOurs, type IsOurs } from '#shared/leases/ours.ts';

/** Closes that wait in line at once; the connection's limits hold all the same. */
const MAX_IN_LINE = 64;

/** Outcome of closing one lease; `at` is when, in epoch milliseconds by the vault's clock. */
export interface Closed {
  readonly id: string;
  readonly at?: number | undefined;
  readonly failure?: RelayError;
}

/** What became of all of them, and the errors of all that failed, in one. */
export interface Closing {
  readonly closed: readonly Closed[];
  readonly failure?: RelayError | undefined;
}

/**
 * Closes the leases that are known to be ours, then all others that turn out to be. One that is gone counts as closed. Each
 * failure is in its own outcome; when the vault does not say what is open, or not readably, what was closed counts all the same. Never raises;
 * repeatable.
 */
export const closeAll = async (leases: Leases, known: readonly string[], isOurs: IsOurs): Promise<Closing> => {
  const close = (ids: readonly string[]) => pMap(ids, (id) => closeOne(leases, id), { concurrency: MAX_IN_LINE });
  const closed = await close(known);
  const failures: RelayError[] = [];
  try {
    const ours = await findOurs(leases, isOurs, (error) => failures.push(error));
    const left = ours.map(({ id }) => id).filter((id) => !known.includes(id));
    closed.push(...(await close(left)));
  } catch (thrown) {
    failures.push(asRelayError(thrown, 'Looking for what is still open'));
  }
  return { closed, failure: inOne([...closed.flatMap(({ failure }) => failure ?? []), ...failures]) };
};

const closeOne = async (leases: Leases, id: string): Promise<Closed> => {
  try {
    const { at } = await leases.close(id, 'Delivered by pam-relay.');
    return { id, at: at === undefined ? undefined : Date.parse(at) };
  } catch (thrown) {
    return { id, failure: asRelayError(thrown, `Closing lease ${id}`) };
  }
};
