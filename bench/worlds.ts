import type { Document } from 'yaml';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES } from '#local/world.ts';

/** What every call to the vault waits, unless a figure says otherwise. */
export const LATENCY_MS = 20;

export const SEED = 1;

/** Calls in flight are the only limit: at the default of 200 calls a second, that limit would be what is measured. */
export const limitInFlightOnly =
  (inFlight: number) =>
  (config: Document): void => {
    config.setIn(['connections', NAMES.connection, 'limits'], { inFlight, perSecond: 10_000 });
  };

/** So many accounts, none of them awkward. */
export const plainFleet = (accounts: number): readonly FleetAccount[] =>
  // A fleet holds a handful of awkward ones, however large it is.
  createFleet({ accounts: accounts + 100, seed: SEED })
    .filter(({ kind }) => kind === 'plain')
    .slice(0, accounts);
