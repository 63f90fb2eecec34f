import { nextTask, orderFor, type Subject } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { subjectAt } from '#shared/records/subjects.ts';
import type { Planned, ProvisionStepInput } from '#shared/workflows/provision.ts';

export interface PlanProvisionDependencies {
  readonly records: SharedRecords;
  readonly signals: Pick<Signals, 'put'>;
  /** True while the execution can still change the subject. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Claims the subject for this execution and determines its task. If another execution works on the subject, that one
 * carries out the order of this one as well: it looks for a later order before it ends. Repeatable.
 */
export const createPlanProvision =
  ({ records, signals, isRunning, now }: PlanProvisionDependencies) =>
  async ({ rule, run, order }: ProvisionStepInput): Promise<Planned> => {
    const place = subjectAt.record({ rule, subject: order.subject });
    const known = (await records.read(place))?.record;
    const other = known?.running?.run;
    const blocking = other !== undefined && other !== run && (await isRunning(other)) ? other : undefined;
    // A message has put the note already. Without it, the sweep would not find a repair that dies.
    if (order.repair) await signals.put(subjectAt.pending({ rule, subject: order.subject }));
    return changeRecord<Subject, Planned>(records, place, (current) => {
      const subject = requireKnown(current, order.subject);
      const holder = subject.running?.run;
      // Another execution can have claimed it since. The plan is repeated, and finds out if that one is alive.
      if (holder !== undefined && holder !== run && holder !== other) throw claimedMeanwhile(order.subject);
      if (blocking !== undefined && holder === blocking) return { result: { task: 'nothing', joined: true } };
      const task = nextTask(subject, now(), order.repair);
      if (task === 'nothing') {
        const { running: _, ...free } = subject;
        return { next: holder === undefined ? undefined : free, result: { task, joined: false } };
      }
      return { next: { ...subject, running: { run, order: orderFor(subject) } }, result: { task, joined: false } };
    });
  };

const requireKnown = (subject: Subject | undefined, id: string): Subject => {
  if (subject !== undefined) return subject;
  throw new RelayError('ContractViolated', `There is no record of the subject ${id}. Send its message again.`);
};

const claimedMeanwhile = (id: string): RelayError =>
  new RelayError(
    'StoreUnavailable',
    `Another execution has claimed the subject ${id} in this moment. The step is retried.`,
  );
