import type { Notify } from '#shared/aws/alerts.ts';
import { connectionsToVaultOf } from '#shared/config/connection-uses.ts';
import { ruleOf } from '#shared/config/rules.ts';
import type { OldCheckoutsConfig, RelayConfig } from '#shared/config/schema.ts';
import type { AllLeases } from '#shared/connections/all-leases.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { Claimant } from '#shared/leases/claim-record.ts';
import type { OwnClaims } from '#shared/leases/own-claims.ts';
import { type OldCheckoutRow, type OldCheckoutsReport, oldCheckoutsAt } from '#shared/records/old-checkouts-record.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { Records } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { renderOldCheckoutsPage } from '#shared/report-page/old-checkouts-page.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { OldCheckoutsOrder, OldCheckoutsReported } from '#shared/workflows/old-checkouts.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { type Looked, look, type Row } from './look.ts';
import { noticeOf } from './notice.ts';
import { createRotateAfter } from './rotate-after.ts';

export interface OldCheckoutsDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly claimantOf: (connection: string) => Promise<Claimant>;
  readonly ownClaimsOf: (claimant: Claimant) => OwnClaims;
  /** True if a rotation of the relay is changing the item. */
  readonly isRotating: (connection: string, item: Rotated) => Promise<boolean>;
  readonly records: SharedRecords;
  readonly reports: Pick<Records, 'write'>;
  readonly pages: Pages;
  readonly measure: (rule: string, reported: OldCheckoutsReported) => Promise<void>;
  readonly notify: Notify;
  /** Called with the error of a notice that was not sent. The next run sends it. */
  readonly onUnnotified: (error: RelayError) => void;
  /** Unique for each call. */
  readonly newId: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const SKIPPED: OldCheckoutsReported = { status: 'SKIPPED', old: 0, forced: 0, unknown: 0, failed: 0 };

/**
 * Reports the old checkouts of all users of a vault, and ends those that the rule allows. Reads no credential.
 * Repeatable: a checkout that was ended is reported by this run or the next.
 */
export const createOldCheckouts = (dependencies: OldCheckoutsDependencies) => {
  const { config, records, newId, now } = dependencies;
  return async (order: OldCheckoutsOrder, context: StepContext): Promise<OldCheckoutsReported> => {
    const rule = ruleOf(config, 'oldCheckouts', order.rule);
    if (rule.forceCheckIn === undefined) return work(order, { rule, ledger: undefined, context }, dependencies);
    const ledger = await openLedger({ records, rule: order.rule, id: newId(), now });
    if (ledger === undefined) return SKIPPED;
    try {
      return await work(order, { rule, ledger, context }, dependencies);
    } catch (thrown) {
      // A state that is not released expires.
      await ledger.release().catch(() => {});
      throw thrown;
    }
  };
};

interface Work {
  readonly rule: OldCheckoutsConfig;
  /** Undefined if the rule only reports. */
  readonly ledger: Ledger | undefined;
  readonly context: StepContext;
}

const work = async (
  order: OldCheckoutsOrder,
  { rule, ledger, context }: Work,
  dependencies: OldCheckoutsDependencies,
): Promise<OldCheckoutsReported> => {
  const { config, vaultOf, rulesOf, claimantOf, ownClaimsOf, isRotating, reports, pages, measure, now } = dependencies;
  const { connection } = rule;
  const connections = connectionsToVaultOf(config, rule);
  const vault = await vaultOf(connection);
  const ownClaims = ownClaimsOf(await claimantOf(connection));
  const { patterns, groupLabel } = await rulesOf(connection, rule);
  const rotates = rule.forceCheckIn?.rotate === true;
  const relayUsers = rotates ? await usersOf(connections, vaultOf) : [];
  const looked = await vault.session((session) =>
    look({
      ...{ rule, run: order.run, ledger, patterns, groupLabel, now },
      leases: requireAllLeases(session, rule),
      ownClaims,
      rotateAfter: rotates
        ? createRotateAfter(session.rotation?.(rule, relayUsers), (item) => isRotating(connection, item))
        : undefined,
      remainingMs: context.remainingMs,
    }),
  );
  const { report, reported } = summarise(order, rule, looked, now());
  await reports.write(oldCheckoutsAt.report(order), report);
  await pages.write(oldCheckoutsAt.page(order), renderOldCheckoutsPage(report));
  await measure(order.rule, reported);
  if (ledger !== undefined) await tell(report, looked, ledger, dependencies);
  return reported;
};

/** Names with which the relay signs in to a vault. Their credentials never change. */
const usersOf = async (
  connections: readonly string[],
  vaultOf: OldCheckoutsDependencies['vaultOf'],
): Promise<string[]> => {
  const users = await Promise.all(connections.map(async (name) => (await (await vaultOf(name)).users?.()) ?? []));
  return [...new Set(users.flat())];
};

const requireAllLeases = (session: VaultSession, rule: OldCheckoutsConfig): AllLeases => {
  const leases = session.allLeases?.(rule);
  if (leases !== undefined) return leases;
  throw new RelayError(
    'ConfigurationInvalid',
    `The connection ${rule.connection} does not show all checkouts of ${rule.source}. Name another connection.`,
  );
};

const summarise = (
  { rule: name, run }: OldCheckoutsOrder,
  { connection, olderThanHours }: OldCheckoutsConfig,
  { rows }: Looked,
  now: number,
): { readonly report: OldCheckoutsReport; readonly reported: OldCheckoutsReported } => {
  const count = (...outcomes: OldCheckoutRow['outcome'][]): number =>
    rows.filter(({ row }) => outcomes.includes(row.outcome)).length;
  const failed = count('failed', 'unclear');
  const status = failed > 0 ? 'PARTIAL' : 'SUCCEEDED';
  const reported = {
    ...({ status, failed } as const),
    old: count('open', 'failed', 'unclear'),
    forced: count('forced'),
    unknown: count('unknown'),
  };
  const finishedAt = new Date(now).toISOString();
  const checkouts = rows.map(({ row }) => row);
  return { report: { rule: name, run, status, finishedAt, connection, olderThanHours, checkouts }, reported };
};

/**
 * Tells people what was ended, and once for each checkout what could not be ended. Then forgets what was ended. If
 * the notice cannot be sent, the next run sends it.
 */
const tell = async (
  report: OldCheckoutsReport,
  { rows, left }: Looked,
  ledger: Ledger,
  { notify, onUnnotified }: OldCheckoutsDependencies,
): Promise<void> => {
  const isKnown = ({ key, row }: Row): boolean => ledger.found.told[key] === (row.since ?? '');
  // A checkout that was not tried again is still one that could not be ended.
  const failed = rows
    .filter((one) => one.row.outcome === 'failed' || (one.row.outcome === 'open' && isKnown(one)))
    .map(({ key, row }) => [key, row.since ?? ''] as const);
  const isNews = (one: Row): boolean =>
    ['forced', 'unclear'].includes(one.row.outcome) || (one.row.outcome === 'failed' && !isKnown(one));
  const news = rows.filter(isNews).map(({ row }) => row);
  if (news.length > 0) {
    const { subject, lines } = noticeOf(report, news, oldCheckoutsAt.report(report).key);
    try {
      await notify(subject, lines);
    } catch (thrown) {
      onUnnotified(asRelayError(thrown, 'Notifying of old checkouts'));
      await ledger.release();
      return;
    }
  }
  await ledger.finish(left, Object.fromEntries(failed));
};
