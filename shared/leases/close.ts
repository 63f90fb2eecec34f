import pMap from 'p-map';
import type { Leases } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { findOurs, type IsOurs } from '#shared/leases/ours.ts';

/** Closes that wait in line at once; the connection's limits hold all the same. */
const MAX_IN_LINE = 64;

/** Outcome of closing one lease; `at` is when, in epoch milliseconds by the vault's clock. */
export interface Closed {
  readonly id: string;
  readonly at?: number | undefined;
  readonly failure?: RelayError;
}

/**
 * Closes the leases that are known to be ours, then all others that turn out to be. One that is gone counts as closed. Each
 * failure is in its own outcome; raises only when the vault does not say what is open. Repeatable.
 */
export const closeAll = async (leases: Leases, known: readonly string[], isOurs: IsOurs): Promise<Closed[]> => {
  const close = (ids: readonly string[]) => pMap(ids, (id) => closeOne(leases, id), { concurrency: MAX_IN_LINE });
  const first = await close(known);
  const left = (await findOurs(leases, isOurs)).map(({ id }) => id).filter((id) => !known.includes(id));
  return [...first, ...(await close(left))];
};

const closeOne = async (leases: Leases, id: string): Promise<Closed> => {
  try {
    const { at } = await leases.close(id, 'Delivered by pam-relay.');
    return { id, at: at === undefined ? undefined : Date.parse(at) };
  } catch (thrown) {
    return { id, failure: asRelayError(thrown, `Closing lease ${id}`) };
  }
};
