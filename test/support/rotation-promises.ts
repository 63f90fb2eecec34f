import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type RotationReport, rotationAt } from '#shared/records/rotation-record.ts';
import type { CrashableRelay, RotationOrder, RunOptions, Through } from '#test/support/crashable-relay.ts';
import type { PlayedStep } from '#test/support/crashable-steps.ts';

const CHANGE = 'ManagedAccounts/{id}/Credentials/Change';
const TEST = 'ManagedAccounts/{id}/Credentials/Test';

const errors = new WeakMap<CrashableRelay, string[]>();

/** Sentences for the promises that the rotations of a relay have broken while they ran. */
export const rotationErrors = (relay: CrashableRelay): string[] => {
  const known = errors.get(relay) ?? [];
  errors.set(relay, known);
  return known;
};

/** Calls of an account since an index of the audit. */
const callsOf = ({ simulator }: CrashableRelay, template: string, accountId: number, from: number): number =>
  simulator.audit
    .slice(from)
    .filter((entry) => entry.template === template && entry.tookEffect && entry.accountIds.includes(accountId)).length;

/** Runs a rotation, and checks that it changes each account at most once, and tests each change at most once. */
export const runRotation = async (
  relay: CrashableRelay,
  id: string,
  order: RotationOrder,
  options: RunOptions = {},
): Promise<string> => {
  const { simulator } = relay;
  const from = simulator.audit.length;
  const before = new Map(simulator.accounts().map(({ accountId }) => [accountId, simulator.changesOf(accountId)]));
  const died = new Set<PlayedStep>();
  const through: Through = async (invocation) => {
    const invoked = await (options.through?.(invocation) ?? invocation.perform());
    if (invoked.died) died.add(invocation.step);
    return invoked;
  };
  const status = await relay.rotate(id, order, { ...options, through });
  const run = `${order.rule}.${id}`;
  rotationErrors(relay).push(
    ...simulator.accounts().flatMap(({ accountId }) => {
      const changes = callsOf(relay, CHANGE, accountId, from);
      const changed = simulator.changesOf(accountId) - (before.get(accountId) ?? 0);
      const tests = callsOf(relay, TEST, accountId, from);
      return [
        ...(changes > 1 ? [`${run} asked ${changes} times for the change of ${accountId}.`] : []),
        ...(tests > changed ? [`${run} tested ${changed} changes of ${accountId} ${tests} times.`] : []),
      ];
    }),
    ...(await undeliveredBy(relay, { rule: order.rule, run, status, isAbleTo: !died.has('rotate/deliver') })),
  );
  return status;
};

/** The report of a rotation; undefined if none was written. */
export const rotationReport = async (
  { shared }: CrashableRelay,
  rule: string,
  run: string,
): Promise<RotationReport | undefined> => (await shared.read(rotationAt.report({ rule, run })))?.record;

interface EndedRun {
  readonly rule: string;
  readonly run: string;
  readonly status: string;
  /** True if the run could start syncs. */
  readonly isAbleTo: boolean;
}

/**
 * A sentence for each account that rotated with a passed test and whose credential is not in the store after the run,
 * unless the execution was killed, a sync failed, or no sync could be started, which the report then says.
 */
const undeliveredBy = async (relay: CrashableRelay, { rule, run, status, isAbleTo }: EndedRun): Promise<string[]> => {
  const progress = (await relay.shared.read(rotationAt.progress({ rule, run })))?.record;
  if (progress === undefined || status === 'ABORTED') return [];
  const report = await rotationReport(relay, rule, run);
  // A report step that dies each time writes none.
  if (report === undefined) return status === 'FAILED' ? [] : [`${run} ended as ${status} without a report.`];
  const current = new Set(Object.values(relay.manager.currentValues()));
  const missing = relay.simulator.accounts().filter(({ credential }) => !current.has(credential));
  const isAdmitted = (title: string): boolean =>
    (!isAbleTo && report.notes.some((note) => note.includes(title))) ||
    report.deliveries.some((one) => !['SUCCEEDED', 'RUNNING'].includes(one.status));
  return progress.state.items
    .filter((item) => item.status === 'rotated' && missing.some((account) => item.title.includes(titleOf(account))))
    .filter(({ title }) => !isAdmitted(title))
    .map(({ title }) => `${title} rotated in ${run}, and the store has not its credential.`);
};

const titleOf = ({ systemName, accountName }: Pick<FleetAccount, 'systemName' | 'accountName'>): string =>
  `${systemName}/${accountName}`;

/** A sentence for each broken promise once all rotations have ended. */
export const brokenRotations = (relay: CrashableRelay, rule: string): string[] => [
  ...reportsOf(relay, rule).flatMap(wrongReport),
  ...leaks(relay),
];

const reportsOf = ({ records }: CrashableRelay, rule: string): RotationReport[] =>
  [...records.objects]
    .filter(([key]) => key.startsWith(`rotations/${rule}/`) && key.endsWith('/report.json'))
    .map(([key, text]) => rotationAt.report({ rule, run: key }).schema.parse(JSON.parse(text)));

const OUTCOMES = new Set(['rotated', 'unknown, watched', 'changed, test failed', 'failed', 'skipped']);

const wrongReport = ({ run, status, items }: RotationReport): string[] => {
  const titles = new Set(items.map(({ title }) => title));
  const open = items.filter(({ outcome }) => !OUTCOMES.has(outcome));
  return [
    ...(titles.size < items.length ? [`The report of ${run} has an item twice.`] : []),
    ...open.map(({ title, outcome }) => `${run} ended as ${status}, with ${title} as ${outcome}.`),
  ];
};

/** A sentence for each credential in a record, a report, or the state of a workflow. */
const leaks = ({ records, signals, payloads }: CrashableRelay): string[] => {
  const written = [...[...records.objects].flat(), ...signals.keys, ...payloads];
  return written.filter((text) => CANARY_PATTERN.test(text)).map((text) => `A credential is in ${text}`);
};
