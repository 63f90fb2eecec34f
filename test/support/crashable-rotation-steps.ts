import { createAdvance } from '#functions/rotate/advance/advance.ts';
import { createDeliverRotated } from '#functions/rotate/deliver/deliver.ts';
import { createPlanRotation } from '#functions/rotate/plan/plan.ts';
import { createCheckoutsUnder } from '#functions/rotate/plan/requested.ts';
import { createReportRotation } from '#functions/rotate/report/report.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createStartNamedRun } from '#shared/messages/named-runs.ts';
import type { Records } from '#shared/records/records.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { createFindOpenCheckouts } from '#shared/rotation/open-checkouts.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { Relay } from '#shared/runtime/relay.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import type { FolderOf, Perform } from '#test/support/crashable-steps.ts';

/** Dependencies that the steps of one process share. */
interface Process extends Pick<Relay, 'vaultOf' | 'rulesOf' | 'storeRules'> {
  readonly config: RelayConfig;
  readonly records: Records;
  readonly shared: SharedRecords;
  readonly signals: Signals;
  readonly executionsOf: ExecutionsOf;
  readonly notify: () => Promise<void>;
  readonly now: () => number;
}

/** The steps of the rotation workflow. */
export const crashableRotationSteps = ({
  shared,
  executionsOf,
  ...process
}: Process): Record<FolderOf<typeof rotateSteps>, Perform> => {
  const dependencies = { ...process, records: shared };
  // An execution that was started and is not visible yet counts as running.
  const isSyncRunning = async (run: string) => (await executionsOf('sync').find(run))?.endedAt === undefined;
  const plan = createPlanRotation({
    ...dependencies,
    checkoutsUnder: createCheckoutsUnder(process.records, process.signals),
    isRunning: async (run) => {
      const found = await executionsOf('rotate').find(run);
      return found !== undefined && found.endedAt === undefined;
    },
  });
  const advance = createAdvance({
    ...dependencies,
    checkoutsOf: (connection, closed) =>
      createFindOpenCheckouts({
        ...process,
        isSameVault: (other) => isSameVault(process.config, connection, other),
        closed,
      }),
    measure: async () => {},
    onUnnotified: () => {},
  });
  const deliver = createDeliverRotated({
    ...process,
    shared,
    startNamedRun: createStartNamedRun({ ...process, executionsOf }, 'rotated'),
    onUnnotified: () => {},
    isRunning: isSyncRunning,
  });
  const report = createReportRotation({
    ...dependencies,
    pages: { write: async () => {} },
    measure: async () => {},
    start: (name, order) => executionsOf('rotate').start(name, order),
  });
  return {
    'rotate/plan': (payload) => plan(rotateSteps.plan.input.parse(payload)),
    'rotate/advance': (payload) => advance(rotateSteps.advance.input.parse(payload), { remainingMs: () => 900_000 }),
    'rotate/deliver': (payload) => deliver(rotateSteps.deliver.input.parse(payload)),
    'rotate/report': (payload) => report(rotateSteps.report.input.parse(payload)),
  };
};
