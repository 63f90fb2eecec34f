import { releaseDirectory } from '#shared/directory/claim.ts';
import { type DirectoryReport, directoryAt } from '#shared/records/directory-records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { DirectoryReported, DirectoryStepInput } from '#shared/workflows/directory.ts';
import type { ReportDirectoryDependencies } from './report.ts';

/**
 * Reports a run over messages: tells people once what was refused and what is still owed, and gives the messages back.
 * A run that had nothing to do writes no report. Repeatable.
 */
export const reportMessages = async (
  { records, runs, measure, notify, now }: ReportDirectoryDependencies,
  { rule, run, heeded, error }: DirectoryStepInput,
): Promise<DirectoryReported> => {
  const { counts = {}, owed = 0, lines = [] } = heeded ?? {};
  const refused = counts['refused'] ?? 0;
  const status = error !== undefined ? 'FAILED' : refused + owed > 0 ? 'PARTIAL' : 'SUCCEEDED';
  const report: DirectoryReport = {
    ...{ rule, run, status, counts, finishedAt: new Date(now()).toISOString() },
    ...{ drift: [], findings: [], refused, members: 0, waiting: { invited: [], accepted: [] } },
    failures: [...(error === undefined ? [] : [messageOf(error)]), ...lines],
  };
  await runs.write(directoryAt.report({ rule, run }), report);
  await measure(rule, {
    invited: counts['invite'] ?? 0,
    changed: counts['change-groups'] ?? 0,
    revoked: counts['revoke'] ?? 0,
    restored: counts['restore'] ?? 0,
    ...{ removed: 0, failed: 0, refused: 0, compared: undefined },
    heeded: { done: counts['done'] ?? 0, refused, owed: error === undefined ? owed : undefined },
  });
  if (report.failures.length > 0) {
    await notify(`pam-relay: messages about people of ${rule} ${status}`, [
      `Run ${run} of ${rule}: ${status}. The report: ${directoryAt.report({ rule, run }).key}`,
      ...report.failures,
    ]);
  }
  await releaseDirectory(records, { rule, run, lane: 'messages' });
  return { status, drift: 0, done: counts['done'] ?? 0, failed: refused + owed };
};
