import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { DirectoryMetric } from '#infra/constructs/metrics.ts';
import { everyMinutes, startOf, timingOf } from '#infra/triggers/schedules.ts';
import { DirectoryWorkflow } from '#infra/workflows/directory-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { directoryWorkflow } from '#shared/workflows/directory.ts';

/** Interval at which messages that are owed are tried again. */
const MESSAGES_MINUTES = 5;

/** Adds the directory workflow, with its schedules, alarms and graphs, if relay.yaml has directories. */
export const addDirectory: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!directoryWorkflow.isUsed(config)) return {};
  const { machine, arn } = new DirectoryWorkflow(stack, 'Directories', props).workflow;
  const rules = Object.entries(config.directories);
  const of = (...names: DirectoryMetric[]) =>
    rules.flatMap(([rule]) => names.map((name) => metrics.ofDirectory(rule, name).with({ label: `${rule}: ${name}` })));
  return {
    schedules: rules.flatMap(([rule, { schedule, drift, messages }]) => [
      ...(messages === undefined
        ? []
        : [
            {
              id: `DirectoryMessages-${rule}`,
              name: `directory-messages.${rule}`,
              timing: everyMinutes(MESSAGES_MINUTES),
              description: `Continues what messages about people of ${rule} are owed`,
              target: startOf(arn, rule, { rule, trigger: 'message' }),
            },
          ]),
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
      ...rules.flatMap(([rule, { drift, messages }]) => [
        {
          kind: 'removals-refused',
          says: 'Members or groups would leave a directory and may not.',
          about: rule,
          metric: metrics.ofDirectory(rule, 'RemovalsRefused'),
        },
        ...(messages === undefined
          ? []
          : [
              {
                kind: 'member-messages-owed',
                says: 'Messages about people of a directory are not carried out yet.',
                about: rule,
                metric: metrics.ofDirectory(rule, 'MemberMessagesOwed'),
              },
            ]),
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
      ...graphsOf('Messages about people', of('MemberMessagesDone', 'MemberMessagesRefused', 'MemberMessagesOwed')),
      ...graphsOf('Differences of directories', of('DirectoryDrift', 'RemovalsRefused', 'DirectoryFailed')),
    ],
  };
};
