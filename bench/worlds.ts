import type { Document } from 'yaml';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES } from '#local/world.ts';

/** What every call to the vault waits, unless a figure says otherwise. */
export const LATENCY_MS = 20;

/** The default of relay.yaml, for the sync and for whatever it is compared with. */
export const IN_FLIGHT = 16;

export const SEED = 1;

/** Calls in flight are the only limit: at the default of 200 calls a second, that limit would be what is measured. */
export const limitInFlightOnly = (config: Document): void => {
  config.setIn(['connections', NAMES.connection, 'limits'], { inFlight: IN_FLIGHT, perSecond: 10_000 });
};

/** So many accounts, none of them awkward. */
export const plainFleet = (accounts: number): readonly FleetAccount[] =>
  // At most twelve of a fleet are awkward.
  createFleet({ accounts: accounts + 12, seed: SEED })
    .filter(({ kind }) => kind === 'plain')
    .slice(0, accounts);
