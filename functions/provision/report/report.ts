import type { Notify } from '#shared/aws/alerts.ts';
import { isPending, isSuperseded, type Subject } from '#shared/domain/blueprint/subject.ts';
import { clearPending, type PendingDependencies } from '#shared/provisioning/pending.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { subjectAt } from '#shared/records/subjects.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { ProvisionReported, ProvisionStepInput } from '#shared/workflows/provision.ts';

export interface ReportProvisionDependencies {
  readonly records: SharedRecords;
  readonly signals: PendingDependencies['signals'];
  readonly measure: (
    rule: string,
    counts: Readonly<Record<'succeeded' | 'failed' | 'made' | 'undone', number>>,
  ) => Promise<void>;
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const HOUR_MS = 3_600_000;
const MAX_RETRY_HOURS = 24;

/**
 * Records the result of a task and gives the subject back, or continues with an order that arrived during the task.
 * Notifies people if the task failed, or if what was disabled will be deleted. Repeatable.
 */
export const createReportProvision =
  ({ records, signals, measure, notify, now }: ReportProvisionDependencies) =>
  async (input: ProvisionStepInput): Promise<ProvisionReported> => {
    const { rule, run, order, planned, error, undoError } = input;
    const { made = 0, changed = 0, unchanged = 0, undone = 0, notes = [] } = input.applied ?? {};
    const counts = { made, changed, unchanged, undone };
    if (planned?.joined) return { next: 'end', status: 'joined', ...counts };
    const about = { rule, subject: order.subject };
    const place = subjectAt.record(about);
    const failed = error !== undefined;
    const ended = await changeRecord(records, place, (subject) => {
      if (subject?.running?.run !== run) return { result: undefined };
      const settled = settle(subject, input, now());
      // An order that failed is repeated by the sweep, at its time.
      const isAgain = isSuperseded(settled);
      const { running: _, ...released } = settled;
      return { next: isAgain ? settled : released, result: { subject: settled, isAgain } };
    });
    if (ended === undefined) return { next: 'end', status: planned === undefined ? 'failed' : 'nothing', ...counts };

    const { subject, isAgain } = ended;
    const { running: _, ...free } = subject;
    if (isPending(isAgain ? subject : free)) await signals.put(subjectAt.pending(about));
    else await clearPending(about, { records, signals });
    await measure(rule, { succeeded: failed ? 0 : 1, failed: failed ? 1 : 0, made, undone });
    const lines = [
      ...(error === undefined ? [] : [`It failed: ${messageOf(error)}`]),
      ...(undoError === undefined
        ? []
        : [
            `Its undo failed as well: ${messageOf(undoError)} ${isPending(free) ? 'It is repeated later.' : 'Correct the cause, and send the message again with a later position.'}`,
          ]),
      ...notes,
    ];
    const status = failed ? 'failed' : 'succeeded';
    if (lines.length > 0) {
      await notify(`pam-relay: provisioning ${rule} ${status}`, [
        `Subject ${order.subject} of ${rule}, task ${planned?.task ?? 'unknown'}: ${status}.`,
        ...lines,
      ]);
    }
    return { next: isAgain ? 'again' : 'end', status, ...counts };
  };

/** State of a subject after a task. The objects of an undo that did not finish are deleted later. */
const settle = (subject: Subject, { planned, error, undoError }: ProvisionStepInput, now: number): Subject => {
  const { failures, ...known } = subject;
  const task = planned?.task;
  const order = subject.running?.order;
  if (order === undefined || task === undefined || task === 'nothing') return subject;
  const done = (status: 'succeeded' | 'failed') => ({
    position: order.position,
    status,
    at: new Date(now).toISOString(),
  });
  if (error === undefined) {
    if (task !== 'provision') return { ...known, done: done('succeeded') };
    const { removeAt: _, unproven, ...rest } = known;
    // A task that was cut short by a later order has proven nothing.
    const isProven = !isSuperseded(subject);
    return {
      ...rest,
      ...(!isProven && unproven && { unproven }),
      done: done('succeeded'),
      state: 'provisioned',
      inputs: order.inputs,
    };
  }
  const count = (failures?.count ?? 0) + 1;
  const retryMs = Math.min(MAX_RETRY_HOURS, 2 ** (count - 1)) * HOUR_MS;
  const failing = { ...known, failures: { count, retryAt: new Date(now + retryMs).toISOString() } };
  if (task !== 'provision') return failing;
  const wasThere = subject.state === 'provisioned' || subject.state === 'withdrawn';
  const hasRest = undoError !== undefined || Object.keys(subject.holdings).length > 0;
  return {
    ...failing,
    done: done('failed'),
    state: wasThere ? subject.state : hasRest ? 'remaining' : 'absent',
    // A deletion of the rest looks for it under these names.
    ...(hasRest && !wasThere && { inputs: order.inputs }),
  };
};
