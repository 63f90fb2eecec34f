import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { ProvisioningMetric } from '#infra/constructs/metrics.ts';
import { ProvisionWorkflow } from '#infra/workflows/provision-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { provisionWorkflow } from '#shared/workflows/provision.ts';

/** Adds the provisioning workflow, with its alarms and graphs, if relay.yaml has blueprints. */
export const addProvision: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!provisionWorkflow.isUsed(config)) return {};
  const { machine } = new ProvisionWorkflow(stack, 'Provisioning', props).workflow;
  const rules = Object.keys(config.provisioning);
  const of = (...names: ProvisioningMetric[]) =>
    rules.flatMap((rule) =>
      names.map((name) => metrics.ofProvisioning(rule, name).with({ label: `${rule}: ${name}` })),
    );
  return {
    alarms: [
      {
        kind: 'provisioning-failed',
        says: 'A subject could not be provisioned, withdrawn or deleted.',
        metric: failuresOf(machine),
      },
    ],
    graphs: [
      ...graphsOf('Subjects', of('SubjectsSucceeded', 'SubjectsFailed')),
      ...graphsOf('Resources', of('ResourcesMade', 'ResourcesUndone')),
    ],
  };
};
