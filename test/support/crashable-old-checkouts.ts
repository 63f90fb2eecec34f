import { randomUUID } from 'node:crypto';
import { createOldCheckouts } from '#functions/upkeep/old-checkouts/old-checkouts.ts';
import type { Notify } from '#shared/aws/alerts.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createOwnClaims } from '#shared/leases/own-claims.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import type { Relay } from '#shared/runtime/relay.ts';
import { oldCheckoutsSteps } from '#shared/workflows/old-checkouts.ts';
import type { Perform } from '#test/support/crashable-steps.ts';

/** Dependencies of one process. */
interface Process extends Pick<Relay, 'vaultOf' | 'rulesOf' | 'claimantOf'> {
  readonly config: RelayConfig;
  readonly records: Records;
  readonly shared: RemovableRecords;
  readonly pages: Pages;
  readonly notify: Notify;
  readonly now: () => number;
}

const REMAINING_MS = 900_000;

/** The function for old checkouts. */
export const crashableOldCheckouts = ({ shared, records, ...process }: Process): Perform => {
  const isRotating = createIsRotating({ ...process, records });
  const endOldCheckouts = createOldCheckouts({
    ...process,
    ownClaimsOf: (claimant) => createOwnClaims({ ...claimant, records: shared, newId: randomUUID, now: process.now }),
    isRotating: (connection, item) => isRotating(connection, [item]),
    records: shared,
    reports: records,
    measure: async () => {},
    onUnnotified: () => {},
    newId: randomUUID,
  });
  return (payload) =>
    endOldCheckouts(oldCheckoutsSteps.oldCheckouts.input.parse(payload), { remainingMs: () => REMAINING_MS });
};
