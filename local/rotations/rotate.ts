import { type RotationReport, rotationAt } from '#shared/records/rotation-record.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { ended } from '../executions.ts';
import { readRecord } from '../figures.ts';
import type { World } from '../world.ts';

/** Numbers of items: to rotate, rotated, failed, and not started because the rotation stopped. */
export interface RotationFigures {
  readonly requested: number;
  readonly rotated: number;
  readonly failed: number;
  readonly stopped: number;
}

export interface Rotated {
  readonly status: string;
  readonly figures: RotationFigures;
  /** One line for each item that did not rotate. */
  readonly left: readonly string[];
  readonly report: RotationReport;
}

/**
 * Fires the schedule of a rotation, and advances the clock until it has ended. Calls `seen` whenever everything waits.
 */
export const rotate = async (
  world: Pick<World, 'aws' | 'clock'>,
  rule: string,
  seen?: () => void,
): Promise<Rotated> => {
  const { aws, clock } = world;
  const started = await aws.scheduler.fire(`rotate.${rule}`, clock.now());
  if (started.kind !== 'execution') throw new Error('The schedule of the rotation starts no execution.');
  const output = rotateSteps.report.output.parse(await ended(world, started.execution, seen));
  const report = await readRecord(aws, rotationAt.report({ rule, run: started.execution.name }));
  const { status, requested, rotated, failed } = output;
  const stopped = report.stopped === undefined ? 0 : report.items.filter(({ outcome }) => outcome === 'skipped').length;
  return {
    status,
    figures: { requested, rotated, failed, stopped },
    left: report.items
      .filter(({ outcome }) => !outcome.startsWith('rotated'))
      .map(({ title, outcome }) => `${title}: ${outcome}`),
    report,
  };
};
