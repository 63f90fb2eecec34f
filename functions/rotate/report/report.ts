import type { Notify } from '#shared/aws/alerts.ts';
import { outcomeOf, type Reported, ROTATION_OUTCOMES, report } from '#shared/domain/rotation/progress.ts';
import { type Pages, pageAt } from '#shared/records/pages.ts';
import {
  type ActiveRotation,
  type RotationItems,
  type RotationProgress,
  type RotationReport,
  rotationAt,
  turnOf,
} from '#shared/records/rotation-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { renderRotationPage } from '#shared/report-page/rotation-page.ts';
import { findUndelivered } from '#shared/rotation/deliveries.ts';
import { findOldCredential } from '#shared/rotation/old-credential.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { RotateStepInput, RotationPlanned, RotationReported } from '#shared/workflows/rotate.ts';
import { type StartExecution, startContinuation } from './continuation.ts';
import { noticeOf, resumeAdvice } from './notice.ts';

export interface ReportRotationDependencies {
  readonly records: SharedRecords;
  readonly pages: Pages;
  readonly measure: (rule: string, reported: RotationReported) => Promise<void>;
  readonly notify: Notify;
  readonly start: StartExecution;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Writes the report of a rotation, in which each item is once, and gives the rule back. Notifies people unless
 * everything rotated and was delivered. If another execution has to continue, only starts that one. Repeatable, but a
 * repetition sends its notice again.
 */
export const createReportRotation =
  ({ records, pages, measure, notify, start, now }: ReportRotationDependencies) =>
  async (input: RotateStepInput): Promise<RotationReported> => {
    const { workflow, rule, run } = input;
    if (input.error === undefined && input.advanced?.next === 'continue') {
      await giveBack(records, input, 'CONTINUED');
      await startContinuation(start, input);
      return { status: 'CONTINUED', requested: 0, rotated: 0, failed: 0, unknown: 0 };
    }
    const progress = (await records.read(rotationAt.progress(input)))?.record;
    const planned = progress && (await records.read(rotationAt.items(input, progress)))?.record;
    const items = progress === undefined ? [] : report(progress.state, true);
    const notes = notesOn(input, progress, planned);
    const found = progress && planned && findOldCredential(progress, planned.items, items);
    const status = statusOf(input, progress, items, notes.length + (found?.ofRotated ?? 0));
    const content: RotationReport = {
      ...{ workflow, rule, run, status },
      startedAt: input.order.continues?.startedAt ?? input.startedAt,
      finishedAt: new Date(now()).toISOString(),
      ...causeOf(input.order),
      ...(progress?.origin !== undefined && { continues: progress.origin }),
      ...(progress?.state.stop !== undefined && { stopped: progress.state.stop.reason }),
      ...(planned !== undefined && { estimateSeconds: planned.estimateSeconds }),
      items: items.map((item) => lineOf(item, progress)),
      deliveries: (progress?.deliveries ?? []).map(({ sync, run: by, ids, status: end = 'RUNNING' }) => ({
        sync,
        run: by,
        status: end,
        items: ids.length,
      })),
      ...(found !== undefined && { oldCredential: found.old }),
      notes,
    };
    const place = rotationAt.report(input);
    await changeRecord(records, place, () => ({ next: content, result: undefined }));
    await pages.write(pageAt.rotation(input), renderRotationPage(content));
    const unfinished = await giveBack(records, input, status);

    const count = (...ends: Reported['status'][]): number => items.filter((item) => ends.includes(item.status)).length;
    const output: RotationReported = {
      status,
      requested: items.length,
      rotated: count('rotated'),
      failed: count('failed', 'testFailed'),
      unknown: count('unknown'),
    };
    await measure(rule, output);
    const isSkipped = status === 'SKIPPED' && notes.length === 0;
    // The end of a window is no event. Its failures are.
    const isOnlyOver = content.stopped === 'window' && output.failed + output.unknown + notes.length === 0;
    if (status !== 'SUCCEEDED' && !isSkipped && !isOnlyOver) {
      const advice = unfinished === undefined || content.stopped === 'window' ? [] : resumeAdvice(rule, unfinished);
      await notify(`pam-relay: rotation ${rule} ${status}`, [...noticeOf(content, place.key), ...advice]);
    }
    return output;
  };

/**
 * Gives the rule back. Returns the run that a resume continues; undefined if there is none. A rotation that is done is
 * not continued.
 */
const giveBack = (
  records: SharedRecords,
  { rule, run }: RotateStepInput,
  status: RotationReport['status'],
): Promise<string | undefined> =>
  changeRecord<ActiveRotation, string | undefined>(records, rotationAt.active(rule), (active) => {
    if (active?.run !== run || active.ended) return { result: active?.unfinished };
    const { unfinished } = active;
    const isDone = status === 'SUCCEEDED' || status === 'PARTIAL';
    const left = isDone && unfinished === run ? undefined : unfinished;
    return { next: { run, ended: true, ...(left !== undefined && { unfinished: left }) }, result: left };
  });

const lineOf = (
  { id, title, wave, status, reason, changedAt }: Reported,
  progress: RotationProgress | undefined,
): RotationReport['items'][number] => {
  const turn = progress && turnOf(progress, id);
  const isUntested = status === 'rotated' && !Object.hasOwn(progress?.tests ?? {}, id);
  return {
    title,
    ...(turn !== undefined && { account: turn.account.title }),
    wave,
    outcome: isUntested ? ROTATION_OUTCOMES.untested : outcomeOf(status),
    ...(reason !== undefined && { reason }),
    ...(changedAt !== undefined && { changedAt }),
  };
};

const causeOf = ({ trigger, requestedBy, ticket, checkout }: RotateStepInput['order']) => ({
  trigger,
  ...(requestedBy !== undefined && { requestedBy }),
  ...(ticket !== undefined && { ticket }),
  ...(checkout !== undefined && { checkout: checkout.run }),
});

/** Notes about an execution that did not begin. */
const NOTES_ON_SKIPPED: Readonly<Record<RotationPlanned['status'], readonly string[]>> = {
  planned: [],
  busy: [],
  skipped: [],
  halted: ['An earlier rotation of the rule was stopped or failed, so the schedule starts no new one.'],
  stopped: ['A message stopped the rotation before it began.'],
  nothing: ['There is no rotation to continue: the last one of the rule is done.'],
};

const notesOn = (
  { error, planned: decided }: RotateStepInput,
  progress: RotationProgress | undefined,
  planned: RotationItems | undefined,
): string[] => {
  const undelivered = progress === undefined ? [] : findUndelivered(progress, planned?.items ?? {});
  return [
    ...(error === undefined ? [] : [messageOf(error)]),
    ...(decided !== undefined && error === undefined ? NOTES_ON_SKIPPED[decided.status] : []),
    ...(planned?.notes ?? []),
    ...undelivered.map(
      ({ id, sync }) => `${planned?.items[id]?.title ?? id} rotated, and ${sync} has not delivered it. Run the sync.`,
    ),
  ];
};

const statusOf = (
  { error, planned }: RotateStepInput,
  progress: RotationProgress | undefined,
  items: readonly Reported[],
  findings: number,
): RotationReport['status'] => {
  if (error !== undefined) return 'FAILED';
  if (planned !== undefined && planned.status !== 'planned') return 'SKIPPED';
  if (progress?.state.stop !== undefined) return 'STOPPED';
  const isComplete =
    items.every(({ status }) => status === 'rotated') &&
    (progress?.deliveries ?? []).every(({ status }) => status === 'SUCCEEDED');
  return isComplete && findings === 0 ? 'SUCCEEDED' : 'PARTIAL';
};
