import { Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Intake } from '#infra/constructs/intake.ts';
import type { CheckoutMetric, ConnectionMetric, RelayMetrics, SyncMetric } from '#infra/constructs/metrics.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

export interface DashboardProps {
  readonly config: RelayConfig;
  readonly metrics: RelayMetrics;
  readonly alarms: readonly Alarm[];
  readonly functions: readonly WorkflowFunction[];
  /** Undefined when the relay takes no messages. */
  readonly intake: Intake | undefined;
}

/** One page that answers: does anything need me, do syncs and checkouts go well, is anything left open, is anything slow? */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: Stack.of(this).stackName,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24 })],
        ofSyncs(props),
        ofMessages(props),
        ofConnections(props),
        ofFunctions(props),
      ].filter((row) => row.length > 0),
    });
  }
}

const ofSyncs = ({ config, metrics }: DashboardProps): GraphWidget[] => {
  const syncs = Object.keys(config.syncs);
  if (syncs.length === 0) return [];
  const of = (...names: SyncMetric[]) =>
    syncs.flatMap((sync) => names.map((name) => metrics.ofSync(sync, name).with({ label: `${sync}: ${name}` })));
  return [
    graph('Runs', of('RunSucceeded', 'RunPartial', 'RunFailed', 'RunSkipped')),
    graph('Accounts', of('Delivered', 'Unchanged', 'Skipped', 'Failed')),
  ];
};

/** What came in, and what became of it; a relay without a queue has none of it, one without checkouts only the first. */
const ofMessages = ({ config, metrics, intake }: DashboardProps): GraphWidget[] => {
  if (intake === undefined) return [];
  const messages = [metrics.ofMessages('MessagesHandled'), metrics.ofMessages('MessagesRefused')];
  const age = intake.queue.metricApproximateAgeOfOldestMessage({ statistic: 'max' });
  const checkouts = Object.keys(config.checkouts);
  const of = (...names: CheckoutMetric[]) =>
    checkouts.flatMap((checkout) =>
      names.map((name) => metrics.ofCheckout(checkout, name).with({ label: `${checkout}: ${name}` })),
    );
  return [
    graph('Messages, and the age of the oldest in seconds', messages, [age.with({ label: 'Oldest, seconds' })]),
    ...(checkouts.length > 0 ? [graph('Checkouts', of('CheckoutsOver', 'CheckoutsFailed', 'ChangesUnconfirmed'))] : []),
  ];
};

const ofConnections = ({ config, metrics }: DashboardProps): GraphWidget[] => {
  const of = (...names: ConnectionMetric[]) =>
    Object.keys(config.connections).flatMap((connection) =>
      names.map((name) => metrics.ofConnection(connection, name).with({ label: `${connection}: ${name}` })),
    );
  return [
    graph('Oldest open request, seconds', of('OldestOpenLeaseAge')),
    graph('Given back by reap, and refused sign-ins', of('OpenLeasesReaped', 'SignInRefused')),
  ];
};

const ofFunctions = ({ functions }: DashboardProps): GraphWidget[] => [
  graph(
    'Longest invocation of each function',
    functions.map(({ lambda }) => lambda.metricDuration({ statistic: 'max' })),
  ),
  graph(
    'Errors of each function',
    functions.map(({ lambda }) => lambda.metricErrors()),
  ),
];

const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
  new GraphWidget({ title, left, right, width: 12 });
