import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { ProvisioningMetric } from '#infra/constructs/metrics.ts';
import { everyMinutes, invocationOf, startOf, timingOf } from '#infra/triggers/schedules.ts';
import { ProvisionWorkflow } from '#infra/workflows/provision-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { provisionSteps, provisionWorkflow } from '#shared/workflows/provision.ts';

/** A deletion or an undo that is due begins within this time. */
const SWEEP_MINUTES = 15;

/** Adds the provisioning workflow, with its alarms and graphs, if relay.yaml has blueprints. */
export const addProvision: AddWorkflow = (stack, props) => {
  const { config, metrics, functions } = props;
  if (!provisionWorkflow.isUsed(config)) return {};
  const { provision, drift } = new ProvisionWorkflow(stack, 'Provisioning', props);
  const rules = Object.keys(config.provisioning);
  const of = (...names: ProvisioningMetric[]) =>
    rules.flatMap((rule) =>
      names.map((name) => metrics.ofProvisioning(rule, name).with({ label: `${rule}: ${name}` })),
    );
  return {
    schedules: [
      {
        id: 'Sweep',
        name: 'sweep',
        timing: everyMinutes(SWEEP_MINUTES),
        description: 'Continues subjects that need no message: due deletions, unfinished undos, dead executions',
        target: invocationOf(functions.of(provisionSteps.sweep)),
      },
      ...Object.entries(config.provisioning).flatMap(([rule, blueprint]) =>
        blueprint.drift === undefined
          ? []
          : [
              {
                id: `Drift-${rule}`,
                name: `drift.${rule}`,
                timing: timingOf(blueprint.drift.schedule),
                description: `Compares the subjects of ${rule}`,
                target: startOf(drift.arn, rule, { rule }),
              },
            ],
      ),
    ],
    alarms: [
      {
        kind: 'provisioning-failed',
        says: 'A subject could not be provisioned, withdrawn or deleted.',
        metric: failuresOf(provision.machine, drift.machine),
      },
      ...rules.map((rule) => ({
        kind: 'removals-postponed',
        says: 'Deletions of subjects are due, and removal.maxPerDay is used up.',
        about: rule,
        metric: metrics.ofProvisioning(rule, 'RemovalsPostponed'),
      })),
      ...rules.map((rule) => ({
        kind: 'subjects-drifted',
        says: 'Subjects differ from their blueprint.',
        about: rule,
        metric: metrics.ofProvisioning(rule, 'SubjectsDrifted'),
      })),
    ],
    graphs: [
      ...graphsOf('Subjects', of('SubjectsSucceeded', 'SubjectsFailed', 'SubjectsDrifted', 'RemovalsPostponed')),
      ...graphsOf('Resources', of('ResourcesMade', 'ResourcesUndone')),
    ],
  };
};
