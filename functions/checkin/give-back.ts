import pMap from 'p-map';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/domain/marker.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';

const IN_LINE = 64;

/** What became of one request that was to be given back; `at` is when, in epoch milliseconds by the vault's clock. */
export interface GivenBack {
  readonly requestId: number;
  readonly at?: number | undefined;
  readonly failure?: RelayError;
}

/** Gives back what is known to be ours, then whatever else carries the marker. What is gone counts as given back. */
export const giveBackAll = async (
  session: VaultSession,
  known: readonly number[],
  marker: Marker,
): Promise<GivenBack[]> => {
  const first = await pMap(known, (requestId) => giveBack(session, requestId), { concurrency: IN_LINE });
  const left = (await listMarked(session, marker)).filter((requestId) => !known.includes(requestId));
  return [...first, ...(await pMap(left, (requestId) => giveBack(session, requestId), { concurrency: IN_LINE }))];
};

/** The ids of the open requests that carry the marker. */
export const listMarked = async (session: VaultSession, marker: Marker): Promise<number[]> =>
  (await session.listOpenRequests())
    .filter(({ reason }) => isSameMarker(readMarker(reason), marker))
    .map(({ requestId }) => requestId);

const giveBack = async (session: VaultSession, requestId: number): Promise<GivenBack> => {
  try {
    const { at } = await session.checkIn(requestId, 'Delivered by pam-relay.');
    return { requestId, at: at === undefined ? undefined : Date.parse(at) };
  } catch (thrown) {
    return { requestId, failure: asRelayError(thrown, `Checking in request ${requestId}`) };
  }
};
