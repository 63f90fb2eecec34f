import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import { markOf } from '#shared/domain/blueprint/mark.ts';
import type { Inputs } from '#shared/domain/blueprint/subject.ts';
import type { PreparedResource } from '#shared/provisioning/prepared.ts';
import { MIN_REMAINING_MS, type WorkOn } from '#shared/provisioning/resource-work.ts';
import type { HeldSubject } from '#shared/provisioning/subject-record.ts';
import type { Applied, ProvisionStepInput } from '#shared/workflows/provision.ts';

/** One invocation of a task of a subject, in a signed-in session. */
export interface TaskContext {
  readonly relayId: string;
  /** The execution, and the order that it carries out. */
  readonly attempt: string;
  readonly workOn: WorkOn;
  readonly subject: HeldSubject;
  readonly types: ResourceTypes;
  readonly blueprint: BlueprintConfig;
  /** Inputs of the order that this execution carries out. */
  readonly inputs: Inputs;
  readonly remainingMs: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export const hasTime = ({ remainingMs }: Pick<TaskContext, 'remainingMs'>): boolean =>
  remainingMs() >= MIN_REMAINING_MS;

/** Mark of a resource of the subject. */
export const markIn = ({ relayId, subject }: TaskContext, { name }: Pick<PreparedResource, 'name'>): string => {
  const { rule, subject: id } = subject.current();
  return markOf({ relayId, rule, subject: id, resource: name });
};

/** Progress before the first invocation of a task. */
const NO_PROGRESS: Applied = {
  next: 'apply',
  waitSeconds: 0,
  position: 0,
  made: 0,
  changed: 0,
  unchanged: 0,
  undone: 0,
  notes: [],
};

const MAX_NOTES = 50;

/** Adds notes, up to the number that the state of an execution has room for. */
export const withNotes = (progress: Applied, notes: readonly string[]): Applied => ({
  ...progress,
  notes: [...progress.notes, ...notes].slice(0, MAX_NOTES),
});

/** Continues in another invocation, after a wait in the state machine. */
export const waitFor = (progress: Applied, seconds: number, now: number): Applied => ({
  ...progress,
  next: 'wait',
  waitSeconds: seconds,
  waitingSince: progress.waitingSince ?? new Date(now).toISOString(),
});

/** Ends the wait, if there was one. */
export const goOn = ({ waitingSince: _, until: __, ...progress }: Applied): Applied => ({
  ...progress,
  next: 'apply',
  waitSeconds: 0,
});

export const finish = (progress: Applied): Applied => ({ ...goOn(progress), next: 'report' });

/** Progress of earlier invocations of the same task. */
export const progressOf = ({ applied = NO_PROGRESS }: Pick<ProvisionStepInput, 'applied'>): Applied => ({
  ...applied,
  next: 'apply',
  waitSeconds: 0,
});
