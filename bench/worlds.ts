import type { Document } from 'yaml';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES } from '#local/world.ts';

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
