import { showDuration } from '#shared/domain/duration.ts';
import { ROTATION_OUTCOMES } from '#shared/domain/rotation/progress.ts';
import type { OldCredential, RotationReport } from '#shared/records/rotation-record.ts';
import { causeOf } from '#shared/report-page/rotation-page.ts';

/** Lines about items in a notice; the report has all of them. */
const MAX_LINES = 20;

/** Lines of the notice about a rotation. `key` is that of its report. Pure. */
export const noticeOf = (report: RotationReport, key: string): string[] => {
  const { rule, run, status, stopped, estimateSeconds, items, deliveries, oldCredential, notes } = report;
  const bad = items.filter(({ outcome }) => outcome !== ROTATION_OUTCOMES.rotated);
  return [
    `Rotation ${rule}, run ${run}: ${status}. Started by ${causeOf(report)}.`,
    `${items.length} items, ${items.length - bad.length} rotated.`,
    ...(estimateSeconds === undefined
      ? []
      : [`By the pace of the vault, it takes at least ${showDuration(estimateSeconds * 1000)}.`]),
    ...(stopped === undefined ? [] : [`It stopped. Cause: ${stopped}.`]),
    ...notes,
    ...deliveries
      .filter((delivery) => delivery.status !== 'SUCCEEDED')
      .map((delivery) => `Sync ${delivery.sync}, run ${delivery.run}: ${delivery.status}.`),
    ...bad.slice(0, MAX_LINES).map(({ title, outcome, reason }) => `${title}: ${outcome}. ${reason ?? ''}`.trim()),
    ...(bad.length > MAX_LINES ? [`… and ${bad.length - MAX_LINES} more.`] : []),
    ...linesOnOld(oldCredential),
    `Full report: ${key} in the records bucket.`,
  ];
};

const linesOnOld = ({ count, targets }: OldCredential = { count: 0, targets: [] }): string[] => {
  if (count === 0) return [];
  const shown = targets.slice(0, MAX_LINES);
  return [
    `${count} ${count === 1 ? 'target' : 'targets'} may still hold an old credential:`,
    ...shown.map(({ item, sync, store, name, reason }) => `${name} in ${store}, by ${sync}, ${item}: ${reason}`),
    ...(count > shown.length ? [`… and ${count - shown.length} more targets.`] : []),
  ];
};

/** Lines that show how a rotation continues. `run` is the one that ended before it was done. Pure. */
export const resumeAdvice = (rule: string, run: string): string[] => {
  // Another stop has another id, so a copied message is never taken for an earlier one.
  const id = run.slice(run.lastIndexOf('.') + 1).slice(0, MAX_ID_LENGTH);
  return [
    `To continue run ${run}, send ${JSON.stringify({ type: 'rotation.resumed', rotation: rule, id })}`,
    'Add "retry" with the labels of failed or skipped items to start them again, or "acceptFailures": true to count only later failures.',
    'To begin a new one instead, send rotation.requested with "systems": ["*"]. Until then, the schedule starts no rotation of the rule.',
  ];
};

/** Longest id of a message. */
const MAX_ID_LENGTH = 48;
