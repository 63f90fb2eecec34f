import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { OUTCOME_NAMES, OUTCOMES, type OutcomeKind, zeroOutcomes } from '#shared/domain/outcome.ts';
import { type RecordPlace, type Report, recordAt } from '#shared/records/records.ts';
import type { Run } from '#shared/workflows/run.ts';
import type { LocalAws } from './aws/aws.ts';
import { localClientConfig } from './aws/resources.ts';
import type { Execution } from './aws/step-functions/step-functions.ts';
import type { LocalVault } from './local-vault.ts';
import { NAMES, type RelayWorld } from './relay-world.ts';
import type { LocalStore } from './stores.ts';

/** Kinds of call to the vault, in the order in which a run makes them. */
export const VAULT_CALLS = ['token', 'signIn', 'signOut', 'list', 'request', 'credential', 'checkin', 'other'] as const;
type VaultCall = (typeof VAULT_CALLS)[number];

/** Figures of one store in one run: deliveries counted by its server, and the other outcomes from the report. */
interface StoreFigures {
  readonly store: string;
  readonly delivered: number;
  readonly unchanged: number;
  readonly failed: number;
}

/** Figures of one sync run, counted by the simulators, except unchanged, failed and skipped items (from the report). */
export interface RunFigures {
  readonly accounts: number;
  /** Deliveries to all stores. */
  readonly delivered: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly skipped: number;
  readonly vaultCalls: Readonly<Record<VaultCall | 'total', number>>;
  readonly stores: readonly StoreFigures[];
  /** Of all stores, by action, and `total`. */
  readonly storeCalls: Readonly<Record<string, number>> & { readonly total: number };
  /** Calls to AWS that were refused because of a quota. The relay waited and repeated them. */
  readonly throttledCalls: number;
  readonly transitions: number;
  readonly durationMs: number;
  readonly report: Report;
}

/** A failed sync run. The message states the reason and the fix. */
export class RunFailed extends Error {}

const PROGRESS_EVERY_MS = 2000;

/** Fires the schedule of the sync and measures the run. @throws RunFailed */
export const measureRun = async (world: RelayWorld, say: (line: string) => void): Promise<RunFigures> => {
  const { vault, aws, stores } = world;
  const before = {
    calls: vault.audit.length,
    store: callsOf(stores),
    deliveries: stores.map((one) => one.deliveries()),
    throttled: countThrottled(aws),
  };
  const startedAt = performance.now();
  const progress = setInterval(() => say(progressLine(vault, before.calls)), PROGRESS_EVERY_MS);
  const execution = await world.runSync().finally(() => clearInterval(progress));
  const durationMs = Math.round(performance.now() - startedAt);

  requireSuccess(execution);
  const report = await readReport(aws, { rule: NAMES.sync, run: execution.name });
  const figures = stores.map(({ store, deliveries }, index): StoreFigures => {
    const { outcomes } = report.stores.find((one) => one.store === store) ?? { outcomes: zeroOutcomes() };
    const delivered = deliveries() - (before.deliveries[index] ?? 0);
    return { store, delivered, unchanged: outcomes.unchanged, failed: outcomes.failed };
  });
  return {
    accounts: vault.accounts().length,
    delivered: figures.reduce((sum, { delivered }) => sum + delivered, 0),
    unchanged: countOutcomes(report, 'unchanged'),
    failed: countOutcomes(report, 'failed'),
    skipped: countOutcomes(report, 'skipped'),
    stores: figures,
    vaultCalls: countVaultCalls(vault, before.calls),
    storeCalls: countStoreCalls(before.store, callsOf(stores)),
    throttledCalls: countThrottled(aws) - before.throttled,
    transitions: execution.transitions,
    durationMs,
    report,
  };
};

/** @throws RunFailed unless the execution has succeeded */
export const requireSuccess = ({ ending }: Execution): void => {
  if (ending?.status === 'SUCCEEDED') return;
  throw new RunFailed(
    ending?.status === 'FAILED' ? `${ending.error}: ${messageIn(ending.cause)}` : `The run ended as ${ending?.status}.`,
  );
};

/** Extracts the error message from the cause of a failed function, which is JSON. */
const messageIn = (cause: string): string => {
  try {
    const { errorMessage }: { errorMessage?: unknown } = JSON.parse(cause);
    return String(errorMessage);
  } catch {
    return cause;
  }
};

const countOutcomes = ({ outcomes }: Report, kind: OutcomeKind): number =>
  OUTCOME_NAMES.filter((outcome) => OUTCOMES[outcome] === kind).reduce((sum, outcome) => sum + outcomes[outcome], 0);

/** Calls to all stores. Actions of several stores have the name of the store before them. */
const callsOf = (stores: readonly LocalStore[]): Record<string, number> =>
  Object.fromEntries(
    stores.flatMap(({ store, calls }) =>
      Object.entries(calls()).map(([action, count]) => [stores.length === 1 ? action : `${store} ${action}`, count]),
    ),
  );

const countThrottled = (aws: LocalAws): number => Object.values(aws.throttled()).reduce((sum, count) => sum + count, 0);

const countVaultCalls = ({ audit }: LocalVault, from: number): RunFigures['vaultCalls'] => {
  const counts = { token: 0, signIn: 0, signOut: 0, list: 0, request: 0, credential: 0, checkin: 0, other: 0 };
  const isCounted = (kind: string): kind is keyof typeof counts => Object.hasOwn(counts, kind);
  const calls = audit.slice(from);
  for (const { kind } of calls) counts[isCounted(kind) ? kind : 'other'] += 1;
  return { ...counts, total: calls.length };
};

const countStoreCalls = (before: Record<string, number>, after: Record<string, number>): RunFigures['storeCalls'] => {
  const made = Object.entries(after).map(([action, count]): [string, number] => [
    action,
    count - (before[action] ?? 0),
  ]);
  const counts = Object.fromEntries(made.filter(([, count]) => count > 0));
  return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
};

const progressLine = ({ audit }: LocalVault, from: number): string => {
  const calls = audit.slice(from);
  const count = (kind: string) => calls.filter((call) => call.kind === kind).length.toLocaleString('en');
  return `  … ${count('credential')} credentials read, ${count('checkin')} requests checked in`;
};

/** Reads a record from the records bucket. @throws if there is none. */
export const readRecord = async <T>({ endpoint, template }: LocalAws, { key, schema }: RecordPlace<T>): Promise<T> => {
  const [bucket] = template.ofType('AWS::S3::Bucket');
  const s3 = new S3Client(localClientConfig(endpoint));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket?.identity.name, Key: key }));
  return schema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
};

/** Reads the report of a sync run. @throws if there is none. */
export const readReport = (aws: LocalAws, run: Pick<Run, 'rule' | 'run'>): Promise<Report> =>
  readRecord(aws, recordAt.report(run));
