import type { BlueprintConfig } from '#shared/config/schema.ts';
import { isPending, nextTask, type Subject } from '#shared/domain/blueprint/subject.ts';
import { asRelayError, combineErrors, type RelayError } from '#shared/errors.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { clearPending } from '#shared/provisioning/pending.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { removalsAt, subjectAt, subjectKeyIn, sweepRun } from '#shared/records/subjects.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { Swept } from '#shared/workflows/provision.ts';

export interface SweepDependencies {
  readonly provisioning: Readonly<Record<string, BlueprintConfig>>;
  readonly records: SharedRecords;
  readonly signals: Pick<Signals, 'list' | 'put' | 'remove'>;
  readonly executionsOf: ExecutionsOf;
  readonly measure: (rule: string, postponed: number) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Step = 'started' | 'postponed' | 'waiting';

/**
 * Starts an execution for each subject that needs one without a message: whose deletion is due, whose undo did not
 * finish, or whose execution died. Deletions have a budget for each day. One subject that fails does not stop the
 * others. Repeatable.
 */
export const createSweep =
  ({ provisioning, signals, measure, ...dependencies }: SweepDependencies) =>
  async (): Promise<Swept> => {
    const failures: RelayError[] = [];
    const total = { started: 0, postponed: 0 };
    for (const [rule, blueprint] of Object.entries(provisioning)) {
      let postponed = 0;
      for (const note of await signals.list(subjectAt.pendingPrefix(rule))) {
        try {
          const step = await sweepOne(rule, subjectKeyIn(note), blueprint, { signals, ...dependencies });
          if (step === 'started') total.started += 1;
          if (step === 'postponed') postponed += 1;
        } catch (thrown) {
          failures.push(asRelayError(thrown, 'Sweeping a subject'));
        }
      }
      total.postponed += postponed;
      await measure(rule, postponed);
    }
    const failure = combineErrors(failures);
    if (failure !== undefined) throw failure;
    return total;
  };

const sweepOne = async (
  rule: string,
  key: string,
  blueprint: BlueprintConfig,
  { records, signals, executionsOf, now }: Omit<SweepDependencies, 'provisioning' | 'measure'>,
): Promise<Step> => {
  const subject = (await records.read(subjectAt.key(rule, key)))?.record;
  // The message whose handling stopped before it wrote the record is delivered again.
  if (subject === undefined) return 'waiting';
  if (!isPending(subject)) {
    await clearPending(subject, { records, signals });
    return 'waiting';
  }
  const executions = executionsOf('provision');
  const { running, failures } = subject;
  const holder = running && (await executions.find(running.run));
  if (mayStillAct(holder, now())) return 'waiting';
  if (failures !== undefined && Date.parse(failures.retryAt) > now()) return 'waiting';
  const task = nextTask(subject, now(), false);
  if (task === 'nothing' && running === undefined) return 'waiting';
  const isDue = task === 'remove' && subject.state === 'withdrawn';
  if (isDue && !(await mayRemove(records, subject, key, blueprint.removal.maxPerDay, now()))) return 'postponed';
  await executions.start(sweepRun(rule, key, now()), JSON.stringify({ rule, subject: subject.subject }));
  return 'started';
};

/** Counts a deletion against the budget of the day. The same subject counts once. */
const mayRemove = (
  records: SharedRecords,
  { rule }: Subject,
  key: string,
  maxPerDay: number,
  now: number,
): Promise<boolean> => {
  const day = new Date(now).toISOString().slice(0, 10);
  return changeRecord(records, removalsAt(rule), (known) => {
    const keys = known?.day === day ? known.keys : [];
    if (keys.includes(key)) return { result: true };
    if (keys.length >= maxPerDay) return { result: false };
    return { next: { day, keys: [...keys, key] }, result: true };
  });
};
