import type { Document } from 'yaml';
import { NAMES, type RelayWorld } from '#local/relay-world.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';

/** Default latency of the simulated vault. */
export const LATENCY_MS = 20;

export const SEED = 1;

/** Makes calls in flight the only limit. The default limit of 200 calls per second would determine the result. */
export const limitInFlightOnly =
  (inFlight: number) =>
  (config: Document): void => {
    config.setIn(['connections', NAMES.connection, 'limits'], { inFlight, perSecond: 10_000 });
  };

/** Plain accounts only. */
export const plainFleet = (accounts: number): readonly FleetAccount[] =>
  // A fleet of any size contains a few accounts that are not plain.
  createFleet({ accounts: accounts + 100, seed: SEED })
    .filter(({ kind }) => kind === 'plain')
    .slice(0, accounts);

/** Changes the credentials of some plain accounts, evenly over all pages. Returns the ids of the accounts. */
export const changeSome = ({ vault }: Pick<RelayWorld, 'vault'>, count: number): ReadonlySet<number> => {
  const plain = vault.accounts().filter(({ kind }) => kind === 'plain');
  const every = Math.floor(plain.length / count);
  const changed = plain.filter((_, index) => index % every === 0).slice(0, count);
  for (const { accountId } of changed) vault.changeCredential(accountId);
  return new Set(changed.map(({ accountId }) => accountId));
};
