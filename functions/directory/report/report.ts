import type { Notify } from '#shared/aws/alerts.ts';
import { releaseDirectory } from '#shared/directory/claim.ts';
import type { Drift, Step } from '#shared/domain/directory/steps.ts';
import { type DirectoryReport, directoryAt } from '#shared/records/directory-records.ts';
import type { Records } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import { type DirectoryReported, type DirectoryStepInput, laneOf } from '#shared/workflows/directory.ts';
import { reportMessages } from './messages.ts';

/** Results of steps that did not change anything although they should have. */
const NOT_DONE: ReadonlySet<string> = new Set(['failed', 'refused']);

const MAX_NOTICE_LINES = 100;

/** Numbers of a run, for its metrics. */
export interface DirectoryMeasured {
  readonly invited: number;
  readonly changed: number;
  readonly revoked: number;
  readonly restored: number;
  readonly removed: number;
  /** Steps that failed or were refused. */
  readonly failed: number;
  /** Members and groups that would leave and may not. */
  readonly refused: number;
  /** Messages about people. Undefined for a run over the declared state. `owed`: undefined if it is not known. */
  readonly heeded?: { readonly done: number; readonly refused: number; readonly owed: number | undefined };
  /** Undefined if nothing was compared. */
  readonly compared:
    | {
        /** Members who did not answer their invitation, or have to be confirmed. */
        readonly waiting: number;
        readonly drift: number;
        readonly fields: Readonly<Record<Drift['field'], number>>;
      }
    | undefined;
}

export interface ReportDirectoryDependencies {
  readonly records: SharedRecords;
  readonly runs: Records;
  readonly measure: (rule: string, measured: DirectoryMeasured) => Promise<void>;
  readonly notify: Notify;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Writes the report, gives the rule back, and notifies people if something did not happen or may not. Never changes the
 * directory. Repeatable.
 */
export const createReportDirectory =
  ({ records, runs, measure, notify, now }: ReportDirectoryDependencies) =>
  async (input: DirectoryStepInput): Promise<DirectoryReported> => {
    const { rule, run, planned, applied, error, order } = input;
    if (order.trigger === 'message') return reportMessages({ records, runs, measure, notify, now }, input);
    if (planned?.status === 'skipped') return { status: 'SKIPPED', drift: 0, done: 0, failed: 0 };
    const plan = await runs.read(directoryAt.plan({ rule, run }));
    const { counts = {}, failures = [] } = applied ?? {};
    const sum = (isIt: (name: string) => boolean): number =>
      Object.entries(counts).reduce((total, [name, count]) => total + (isIt(name) ? count : 0), 0);
    const failed = sum((name) => NOT_DONE.has(name));
    const refused = plan?.refused ?? 0;
    const isAllDone = failed + refused === 0 && plan?.isWhole !== false;
    const status = error !== undefined ? 'FAILED' : isAllDone ? 'SUCCEEDED' : 'PARTIAL';
    const report: DirectoryReport = {
      ...{ rule, run, status, counts, refused, finishedAt: new Date(now()).toISOString() },
      drift: plan?.drift ?? [],
      findings: plan?.findings ?? [],
      members: plan?.members ?? 0,
      waiting: plan?.waiting ?? { invited: [], accepted: [] },
      failures: [...(error === undefined ? [] : [messageOf(error)]), ...failures],
    };
    await runs.write(directoryAt.report({ rule, run }), report);
    await measure(rule, measuredIn(report, { failed, isCompared: plan !== undefined && order.trigger !== 'undo' }));
    const lines = [...report.failures, ...(isAllDone ? [] : report.findings)];
    if (status !== 'SUCCEEDED') {
      await notify(`pam-relay: directory ${rule} ${status}`, [
        `Run ${run} of ${rule}: ${status}. The report: ${directoryAt.report({ rule, run }).key}`,
        ...lines.slice(0, MAX_NOTICE_LINES),
      ]);
    }
    await releaseDirectory(records, { rule, run, lane: laneOf(order) });
    return {
      status,
      drift: report.drift.length,
      done: sum((name) => !NOT_DONE.has(name) && name !== 'nothing'),
      failed,
    };
  };

/** Counts of a run. Drift by field, so that an alarm can tell a name from an access. */
const measuredIn = (
  { drift, counts, refused, waiting }: DirectoryReport,
  { failed, isCompared }: { readonly failed: number; readonly isCompared: boolean },
): DirectoryMeasured => {
  const by = (...kinds: readonly Step['kind'][]): number =>
    kinds.reduce((total, kind) => total + (counts[kind] ?? 0), 0);
  const ofField = (field: Drift['field']): number => drift.filter((one) => one.field === field).length;
  return {
    invited: by('invite'),
    changed: by('change-member', 'change-groups'),
    revoked: by('revoke'),
    restored: by('restore'),
    removed: by('remove'),
    ...{ failed, refused },
    compared: isCompared
      ? {
          waiting: waiting.invited.length + waiting.accepted.length,
          drift: drift.length,
          fields: {
            ...{ missing: ofField('missing'), extra: ofField('extra'), type: ofField('type') },
            ...{ status: ofField('status'), groups: ofField('groups'), access: ofField('access') },
            ...{ name: ofField('name'), policy: ofField('policy') },
          },
        }
      : undefined,
  };
};
