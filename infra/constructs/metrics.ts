import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE } from '#shared/runtime/metrics.ts';

/**
 * The metrics of the functions, by the dimension that they have besides `service`. The texts appear in
 * `docs/metrics.md`.
 */
export const METRICS = {
  sync: {
    RunSucceeded: 'Runs that ended as SUCCEEDED. Successful runs for named items are not counted.',
    RunPartial: 'Runs that ended as PARTIAL.',
    RunFailed: 'Runs that ended as FAILED and still wrote their report.',
    RunSkipped: 'Runs that ended as SKIPPED because an earlier run of the sync was active.',
    Delivered: 'Targets that received a new value.',
    Unchanged: 'Targets that were up to date.',
    Skipped:
      'Targets that were left alone: the vault is changing the credential, a request would need an approval, the item is parked, or its new credential failed the test of a rotation.',
    Failed: 'Targets that could not be brought up to date.',
  },
  checkout: {
    CheckoutsOver: 'Checkouts that ended, however they ended.',
    CheckoutsFailed: 'Checkouts that ended as failed.',
    ChangesUnconfirmed:
      'Checkouts after which the vault did not show the change of a credential within `confirmMinutes`.',
  },
  rotation: {
    ItemsRotated: 'Items whose credential changed, and passed its test where the vault has one.',
    RotationsFailed: 'Items whose change failed, or whose new credential failed its test.',
    RotationsUnknown: 'Items whose change the vault did not show within `deadlineMinutes`.',
    ItemsEnded: 'Items of the latest rotation that have ended, whatever their outcome.',
    ItemsBad: 'Items of the latest rotation whose change or test failed, or is unknown.',
    ItemsLeft: 'Items of the latest rotation that are waiting or changing.',
    OldestCredentialDays:
      'Age of the oldest credential of a rule with `maxAgeDays`, in days. Missing while it is not known.',
    CredentialsOverdue: 'Credentials that are older than `maxAgeDays`.',
    CredentialsUndated: 'Credentials whose age is not known, because the vault shows no usable date.',
  },
  oldCheckouts: {
    OldCheckouts: 'Old checkouts that are still open when a run of the rule ends, and whose age the rule reports.',
    OldCheckoutsForced: 'Checkouts that the relay has ended.',
    OldCheckoutsUnknown: 'Items of which the vault does not show whether a checkout is open.',
    OldCheckoutsFailed: 'Checkouts that the vault did not end, or perhaps not.',
  },
  export: {
    EventsExported: 'Events that were written.',
    EventsLate: 'Events that were written and have a date before the cursor, because they arrived late.',
    EventsUnreadable: 'Rows that were written apart, as they are, because their date or shape is unknown.',
    DatesCrowded: 'Dates with so many events that the remote system may not show all of them.',
    ExportAge: 'Age of the oldest moment that is not exported yet, when a run ends.',
  },
  provisioning: {
    SubjectsSucceeded: 'Tasks of subjects that succeeded: provisioned, withdrawn, deleted or found unchanged.',
    SubjectsFailed: 'Tasks of subjects that failed. What the task had made was undone.',
    SubjectsDrifted: 'Subjects that differed from their blueprint when they were compared.',
    RemovalsPostponed: 'Subjects whose deletion is due and has to wait, because `removal.maxPerDay` is used up.',
    ResourcesMade: 'Resources that were created or adopted.',
    ResourcesUndone: 'Resources that were deleted, released or restored.',
  },
  directory: {
    MembersInvited: 'People that a run has invited.',
    MembersChanged: 'Changes of the type, the access or the groups of members.',
    MembersRevoked: 'Members whose use a run has ended. Their time of grace begins.',
    MembersRestored: 'Members whose removal was taken back.',
    MembersRemoved: 'Members that were removed after their time of grace.',
    MembersWaiting: 'Members who did not answer their invitation, or whom a person has to confirm.',
    RemovalsRefused:
      'Members and groups that would leave and may not: too many for one day, or a list or the source is incomplete.',
    MemberMessagesDone: 'Messages about people that were carried out.',
    MemberMessagesRefused: 'Messages about people that were refused after a look at the directory.',
    MemberMessagesOwed: 'Messages about people that a run could not carry out yet.',
    DirectoryFailed: 'Changes that failed or were refused.',
    DirectoryDrift: 'Differences between the directory and what is declared, when they were compared.',
    DriftMissing: 'Declared members and groups that did not exist.',
    DriftExtra: 'Members and groups that exist and are not declared.',
    DriftType: 'Members of another type.',
    DriftStatus: 'Members who are declared and revoked.',
    DriftGroups: 'Members in other groups.',
    DriftAccess: 'Members and groups with other access to collections.',
    DriftName: 'Groups with another name.',
    DriftPolicy: 'Policies that differ.',
  },
  queue: {
    MessagesHandled: 'Messages that were acted on.',
    MessagesRefused: 'Messages that were moved to the dead-letter queue with a reason.',
  },
  route: {
    WebhooksAccepted: 'Requests that were verified and queued.',
    WebhooksRejected: 'Requests that were not verified. The log of the function states why.',
    WebhooksLost: 'Requests of a sender that were not queued: too long, or the key or the queue could not be reached.',
  },
  connection: {
    SignInRefused: 'Sign-ins that the vault refused.',
    OldestOpenLeaseAge:
      'Age of the oldest open lease of this relay when `reap` has finished. Leases of running checkouts do not count.',
    OpenLeasesReaped: 'Leases that `reap` checked in.',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type SyncMetric = keyof typeof METRICS.sync;
export type CheckoutMetric = keyof typeof METRICS.checkout;
export type RotationMetric = keyof typeof METRICS.rotation;
export type OldCheckoutsMetric = keyof typeof METRICS.oldCheckouts;
export type ExportMetric = keyof typeof METRICS.export;
export type ProvisioningMetric = keyof typeof METRICS.provisioning;
export type DirectoryMetric = keyof typeof METRICS.directory;
export type MessageMetric = keyof typeof METRICS.queue;
export type WebhookMetric = keyof typeof METRICS.route;
export type ConnectionMetric = keyof typeof METRICS.connection;

/** Metrics of a state, which must not be added up. */
const STATES_OF_ROTATIONS: ReadonlySet<RotationMetric> = new Set([
  'ItemsEnded',
  'ItemsBad',
  'ItemsLeft',
  'OldestCredentialDays',
  'CredentialsOverdue',
  'CredentialsUndated',
]);

/** Metrics of events, which are added up. The others are states. */
const EVENTS_OF_DIRECTORIES: ReadonlySet<DirectoryMetric> = new Set([
  'MembersInvited',
  'MembersChanged',
  'MembersRevoked',
  'MembersRestored',
  'MembersRemoved',
  'MemberMessagesDone',
  'MemberMessagesRefused',
]);

/** The metrics of one relay. */
export class RelayMetrics {
  readonly #relay: string;

  constructor(relay: string) {
    this.#relay = relay;
  }

  ofSync(sync: string, metricName: SyncMetric, period = Duration.hours(1)): Metric {
    return this.#metric({ sync }, metricName, Stats.SUM, period);
  }

  ofCheckout(checkout: string, metricName: CheckoutMetric, period = Duration.hours(1)): Metric {
    return this.#metric({ checkout }, metricName, Stats.SUM, period);
  }

  ofRotation(rotation: string, metricName: RotationMetric, period = Duration.hours(1)): Metric {
    const statistic = STATES_OF_ROTATIONS.has(metricName) ? Stats.MAXIMUM : Stats.SUM;
    return this.#metric({ rotation }, metricName, statistic, period);
  }

  /** The ones of several runs in a period are not added up. */
  ofOldCheckouts(
    oldCheckouts: string,
    metricName: OldCheckoutsMetric,
    period = Duration.hours(1),
    statistic: string = metricName === 'OldCheckoutsForced' ? Stats.SUM : Stats.MAXIMUM,
  ): Metric {
    return this.#metric({ oldCheckouts }, metricName, statistic, period);
  }

  /** The ages of several runs in a period are not added up. */
  ofExport(
    rule: string,
    metricName: ExportMetric,
    period = Duration.hours(1),
    statistic: string = metricName === 'ExportAge' ? Stats.MAXIMUM : Stats.SUM,
  ): Metric {
    return this.#metric({ export: rule }, metricName, statistic, period);
  }

  ofProvisioning(provisioning: string, metricName: ProvisioningMetric, period = Duration.hours(1)): Metric {
    return this.#metric({ provisioning }, metricName, Stats.SUM, period);
  }

  ofDirectory(directory: string, metricName: DirectoryMetric, period = Duration.hours(1)): Metric {
    const statistic = EVENTS_OF_DIRECTORIES.has(metricName) ? Stats.SUM : Stats.MAXIMUM;
    return this.#metric({ directory }, metricName, statistic, period);
  }

  ofMessages(
    metricName: MessageMetric,
    queue: 'intake' | 'machines' | 'tickets' | 'comments' = 'intake',
    period = Duration.hours(1),
  ): Metric {
    return this.#metric({ queue }, metricName, Stats.SUM, period);
  }

  ofWebhook(route: string, metricName: WebhookMetric, period = Duration.hours(1)): Metric {
    return this.#metric({ route }, metricName, Stats.SUM, period);
  }

  ofConnection(connection: string, metricName: ConnectionMetric, period = Duration.hours(1)): Metric {
    const statistic = metricName === 'OldestOpenLeaseAge' ? Stats.MAXIMUM : Stats.SUM;
    return this.#metric({ connection }, metricName, statistic, period);
  }

  #metric(about: Record<string, string>, metricName: string, statistic: string, period: Duration): Metric {
    return new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { service: this.#relay, ...about },
      statistic,
      period,
    });
  }
}
