import type { RelayConfig } from '#shared/config/schema.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { checkoutWorkflow } from '#shared/workflows/checkout.ts';
import { directoryWorkflow } from '#shared/workflows/directory.ts';
import { exportWorkflow } from '#shared/workflows/export.ts';
import { intakeWorkflow, machinesWorkflow } from '#shared/workflows/intake.ts';
import { oldCheckoutsWorkflow } from '#shared/workflows/old-checkouts.ts';
import { provisionWorkflow } from '#shared/workflows/provision.ts';
import { ageWorkflow, rotateWorkflow } from '#shared/workflows/rotate.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';
import { syncWorkflow } from '#shared/workflows/sync.ts';
import { commentWorkflow, lookWorkflow, ticketWorkflow } from '#shared/workflows/tickets.ts';
import { upkeepWorkflow } from '#shared/workflows/upkeep.ts';

const WORKFLOWS: readonly WorkflowSteps[] = [
  { steps: [authenticate], isUsed: () => true },
  syncWorkflow,
  checkoutWorkflow,
  provisionWorkflow,
  rotateWorkflow,
  ageWorkflow,
  oldCheckoutsWorkflow,
  exportWorkflow,
  directoryWorkflow,
  intakeWorkflow,
  machinesWorkflow,
  ticketWorkflow,
  commentWorkflow,
  lookWorkflow,
  upkeepWorkflow,
];

/** All functions of the relay. */
export const ALL_STEPS: readonly Step[] = WORKFLOWS.flatMap(({ steps }) => steps);

/** Functions that a configuration needs. */
export const stepsFor = (config: RelayConfig): readonly Step[] =>
  WORKFLOWS.filter(({ isUsed }) => isUsed(config)).flatMap(({ steps }) => steps);
