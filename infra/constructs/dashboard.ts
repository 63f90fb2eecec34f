import { Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ConnectionMetric, RelayMetrics, SyncMetric } from '#infra/constructs/metrics.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

export interface DashboardProps {
  readonly config: RelayConfig;
  readonly metrics: RelayMetrics;
  readonly alarms: readonly Alarm[];
  readonly functions: readonly WorkflowFunction[];
}

/** One page that answers: does anything need me, do the syncs keep up, is anything left open, is anything slow? */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { config, metrics, alarms, functions }: DashboardProps) {
    super(scope, id);
    const syncs = Object.keys(config.syncs);
    const connections = Object.keys(config.connections);
    const ofSyncs = (...names: SyncMetric[]) =>
      syncs.flatMap((sync) => names.map((name) => metrics.ofSync(sync, name).with({ label: `${sync}: ${name}` })));
    const ofConnections = (...names: ConnectionMetric[]) =>
      connections.flatMap((connection) =>
        names.map((name) => metrics.ofConnection(connection, name).with({ label: `${connection}: ${name}` })),
      );

    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: Stack.of(this).stackName,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24 })],
        [
          graph('Runs', ofSyncs('RunSucceeded', 'RunPartial', 'RunFailed', 'RunSkipped')),
          graph('Accounts', ofSyncs('Delivered', 'Unchanged', 'Skipped', 'Failed')),
        ],
        [
          graph('Oldest open request, seconds', ofConnections('OldestOpenLeaseAge')),
          graph('Given back by reap, and refused sign-ins', ofConnections('OpenLeasesReaped', 'SignInRefused')),
        ],
        [
          graph(
            'Longest invocation of each function',
            functions.map(({ lambda }) => lambda.metricDuration({ statistic: 'max' })),
          ),
          graph(
            'Errors of each function',
            functions.map(({ lambda }) => lambda.metricErrors()),
          ),
        ],
      ],
    });
  }
}

const graph = (title: string, left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: 12 });
