import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { DirectoryMetric } from '#infra/constructs/metrics.ts';
import { startOf, timingOf } from '#infra/triggers/schedules.ts';
import { DirectoryWorkflow } from '#infra/workflows/directory-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { directoryWorkflow } from '#shared/workflows/directory.ts';

/** Adds the directory workflow, with its schedules, alarms and graphs, if relay.yaml has directories. */
export const addDirectory: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!directoryWorkflow.isUsed(config)) return {};
  const { machine, arn } = new DirectoryWorkflow(stack, 'Directories', props).workflow;
  const rules = Object.entries(config.directories);
  const of = (...names: DirectoryMetric[]) =>
    rules.flatMap(([rule]) => names.map((name) => metrics.ofDirectory(rule, name).with({ label: `${rule}: ${name}` })));
  return {
    schedules: rules.flatMap(([rule, { schedule, drift }]) => [
      ...(schedule === undefined
        ? []
        : [
            {
              id: `Directory-${rule}`,
              name: `directory.${rule}`,
              timing: timingOf(schedule),
              description: `Applies the declared people and groups of ${rule}`,
              target: startOf(arn, rule, { rule, trigger: 'schedule' }),
            },
          ]),
      ...(drift === undefined
        ? []
        : [
            {
              id: `DirectoryDrift-${rule}`,
              name: `directory-drift.${rule}`,
              timing: timingOf(drift.schedule),
              description: `Compares the people and groups of ${rule}`,
              target: startOf(arn, rule, { rule, trigger: 'drift' }),
            },
          ]),
    ]),
    alarms: [
      {
        kind: 'directory-failed',
        says: 'A run over a directory failed, was ended by hand, or timed out.',
        metric: failuresOf(machine),
      },
      ...rules.flatMap(([rule, { drift }]) => [
        {
          kind: 'removals-refused',
          says: 'Members or groups would leave a directory and may not.',
          about: rule,
          metric: metrics.ofDirectory(rule, 'RemovalsRefused'),
        },
        ...(drift === undefined
          ? []
          : [
              {
                kind: 'directory-drifted',
                says: 'A directory differs from what is declared.',
                about: rule,
                metric: metrics.ofDirectory(rule, 'DirectoryDrift'),
              },
            ]),
      ]),
    ],
    graphs: [
      ...graphsOf('Members', of('MembersInvited', 'MembersRevoked', 'MembersRemoved', 'MembersWaiting')),
      ...graphsOf('Differences of directories', of('DirectoryDrift', 'RemovalsRefused', 'DirectoryFailed')),
    ],
  };
};
