import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { type Answer, APPLICATION, APPROVER, type Caller, fleetOf, pickKind } from './site.ts';

export const OTHER: SimulatedUser = { ...APPROVER, userName: 'CORP\\bob', apiKey: { key: 'simulated2'.repeat(13) } };
export const USERS = [APPLICATION, APPROVER, OTHER];

/** Requires the approval of one person. */
export const PENDING_POLICY = pickKind(createFleet({ accounts: 24, seed: 1 }), 'approval').policy;

/** A fleet of one plain account, with the overrides of the test. */
export const one = (overrides: Partial<FleetAccount> = {}) => {
  const fleet = fleetOf(overrides);
  return { fleet, account: pickKind(fleet, 'plain') };
};

export const rows = (answer: Answer): { RequestID: number }[] => JSON.parse(answer.text);

/** The caller's open requests as listed. */
export const open = async (caller: Caller) => rows(await caller.get('Requests'));
