import type { Notify } from '#shared/aws/alerts.ts';
import { type Reported, ROTATION_OUTCOMES, report } from '#shared/domain/rotation/progress.ts';
import { type Pages, pageAt } from '#shared/records/pages.ts';
import {
  type RotationItems,
  type RotationProgress,
  type RotationReport,
  rotationAt,
} from '#shared/records/rotation-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { renderRotationPage } from '#shared/report-page/rotation-page.ts';
import { findUndelivered } from '#shared/rotation/deliveries.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { RotateStepInput, RotationReported } from '#shared/workflows/rotate.ts';

export interface ReportRotationDependencies {
  readonly records: SharedRecords;
  readonly pages: Pages;
  readonly measure: (rule: string, reported: RotationReported) => Promise<void>;
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Lines about items in a notice; the report has all of them. */
const MAX_LINES = 20;

/**
 * Writes the report of a rotation, in which each item is once, and gives the rule back. Notifies people unless
 * everything rotated and was delivered. Repeatable, but a repetition sends its notice again.
 */
export const createReportRotation =
  ({ records, pages, measure, notify, now }: ReportRotationDependencies) =>
  async (input: RotateStepInput): Promise<RotationReported> => {
    const { workflow, rule, run } = input;
    const progress = (await records.read(rotationAt.progress(input)))?.record;
    const planned = (await records.read(rotationAt.items(input)))?.record;
    const items = progress === undefined ? [] : report(progress.state, true);
    const notes = notesOn(input, progress, planned);
    const status = statusOf(input, progress, items, notes);
    const content: RotationReport = {
      ...{ workflow, rule, run, status },
      finishedAt: new Date(now()).toISOString(),
      ...(progress?.state.stop !== undefined && { stopped: progress.state.stop.reason }),
      ...(planned !== undefined && { estimateSeconds: planned.estimateSeconds }),
      items: items.map(({ title, wave, status: end, reason, changedAt }) => ({
        title,
        wave,
        outcome: outcomeOf(end),
        ...(reason !== undefined && { reason }),
        ...(changedAt !== undefined && { changedAt }),
      })),
      deliveries: (progress?.deliveries ?? []).map(({ sync, run: by, ids, status: end = 'RUNNING' }) => ({
        sync,
        run: by,
        status: end,
        items: ids.length,
      })),
      notes,
    };
    const place = rotationAt.report(input);
    await changeRecord(records, place, () => ({ next: content, result: undefined }));
    await pages.write(pageAt.rotation(input), renderRotationPage(content));
    await changeRecord(records, rotationAt.active(rule), (active) => ({
      next: active?.run === run && !active.ended ? { run, ended: true } : undefined,
      result: undefined,
    }));

    const count = (...ends: Reported['status'][]): number => items.filter((item) => ends.includes(item.status)).length;
    const output: RotationReported = {
      status,
      requested: items.length,
      rotated: count('rotated'),
      failed: count('failed', 'testFailed'),
      unknown: count('unknown'),
    };
    await measure(rule, output);
    if (status !== 'SUCCEEDED' && status !== 'SKIPPED') {
      await notify(`pam-relay: rotation ${rule} ${status}`, linesOf(content, place.key));
    }
    return output;
  };

const isEnd = (status: Reported['status']): status is keyof typeof ROTATION_OUTCOMES =>
  Object.hasOwn(ROTATION_OUTCOMES, status);

const outcomeOf = (status: Reported['status']): string => (isEnd(status) ? ROTATION_OUTCOMES[status] : status);

const notesOn = (
  { error }: RotateStepInput,
  progress: RotationProgress | undefined,
  planned: RotationItems | undefined,
): string[] => {
  const undelivered = progress === undefined ? [] : findUndelivered(progress, planned?.items ?? {});
  return [
    ...(error === undefined ? [] : [messageOf(error)]),
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
  notes: readonly string[],
): RotationReport['status'] => {
  if (error !== undefined) return 'FAILED';
  if (planned?.status === 'skipped') return 'SKIPPED';
  if (progress?.state.stop !== undefined) return 'STOPPED';
  const isComplete =
    items.every(({ status }) => status === 'rotated') &&
    (progress?.deliveries ?? []).every(({ status }) => status === 'SUCCEEDED');
  return isComplete && notes.length === 0 ? 'SUCCEEDED' : 'PARTIAL';
};

const linesOf = ({ rule, run, status, stopped, items, deliveries, notes }: RotationReport, key: string): string[] => {
  const bad = items.filter(({ outcome }) => outcome !== ROTATION_OUTCOMES.rotated);
  return [
    `Rotation ${rule}, run ${run}: ${status}.`,
    `${items.length} items, ${items.length - bad.length} rotated.`,
    ...(stopped === undefined ? [] : [`It stopped. Cause: ${stopped}.`]),
    ...notes,
    ...deliveries
      .filter((delivery) => delivery.status !== 'SUCCEEDED')
      .map((delivery) => `Sync ${delivery.sync}, run ${delivery.run}: ${delivery.status}.`),
    ...bad.slice(0, MAX_LINES).map(({ title, outcome, reason }) => `${title}: ${outcome}. ${reason ?? ''}`.trim()),
    ...(bad.length > MAX_LINES ? [`… and ${bad.length - MAX_LINES} more.`] : []),
    `Full report: ${key} in the records bucket.`,
  ];
};
