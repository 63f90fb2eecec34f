import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { RotationMetric } from '#infra/constructs/metrics.ts';
import { startOf, timingOf } from '#infra/triggers/schedules.ts';
import { RotateWorkflow } from '#infra/workflows/rotate-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { rotateWorkflow } from '#shared/workflows/rotate.ts';

/** Adds the rotation workflow, with its schedules, alarms and graphs, if relay.yaml has rotations. */
export const addRotate: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!rotateWorkflow.isUsed(config)) return {};
  const { machine, arn } = new RotateWorkflow(stack, 'Rotation', props).workflow;
  const of = (...names: RotationMetric[]) =>
    Object.keys(config.rotations).flatMap((rule) =>
      names.map((name) => metrics.ofRotation(rule, name).with({ label: `${rule}: ${name}` })),
    );
  return {
    schedules: Object.entries(config.rotations).flatMap(([rule, { schedule }]) =>
      schedule === undefined
        ? []
        : [
            {
              id: `Rotate-${rule}`,
              name: `rotate.${rule}`,
              timing: timingOf(schedule),
              description: `Rotates the credentials of ${rule}`,
              target: startOf(arn, rule, { rule, trigger: 'schedule' }),
            },
          ],
    ),
    alarms: [
      {
        kind: 'rotation-failed',
        says: 'A rotation failed, was ended by hand, or timed out.',
        metric: failuresOf(machine),
      },
    ],
    graphs: [
      ...graphsOf('Rotations', of('ItemsRotated', 'RotationsFailed', 'RotationsUnknown')),
      ...graphsOf('Progress of rotations', of('ItemsEnded', 'ItemsBad', 'ItemsLeft')),
    ],
  };
};
