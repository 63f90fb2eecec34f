import { Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { RelayFunction } from '#infra/constructs/relay-function.ts';

/** Source: CloudWatch API reference, "Dashboard body structure and syntax", `alarms` of an alarm widget. */
const MAX_ALARMS = 100;

/** Source: CloudWatch user guide, "CloudWatch service quotas", metrics of one widget. */
const MAX_METRICS = 500;

export interface DashboardProps {
  readonly alarms: readonly Alarm[];
  /** One row for each workflow. Empty rows are omitted. */
  readonly rows: readonly (readonly GraphWidget[])[];
  readonly functions: readonly RelayFunction[];
}

/** A single page with the alarms, the outcomes of each workflow, open leases, and slow functions. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { alarms, rows, functions }: DashboardProps) {
    super(scope, id);
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: Stack.of(this).stackName,
      widgets: [
        ...chunk(alarms, MAX_ALARMS).map((some) => [
          new AlarmStatusWidget({ title: 'Alarms', alarms: [...some], width: 24 }),
        ]),
        ...rows.filter((row) => row.length > 0).map((row) => [...row]),
        ofFunctions(functions),
      ],
    });
  }
}

const ofFunctions = (functions: readonly RelayFunction[]): GraphWidget[] => [
  graph(
    'Longest invocation of each function',
    functions.map(({ lambda }) => lambda.metricDuration({ statistic: 'max' })),
  ),
  graph(
    'Errors of each function',
    functions.map(({ lambda }) => lambda.metricErrors()),
  ),
];

const chunk = <T>(things: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(things.length / size) }, (_, index) => things.slice(index * size, (index + 1) * size));

/** Graphs of one subject, as many as its metrics need. */
export const graphsOf = (title: string, metrics: readonly IMetric[]): GraphWidget[] =>
  chunk(metrics, MAX_METRICS).map((some) => graph(title, some));

/** A graph that fills half of a row. */
export const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
  new GraphWidget({ title, left, right, width: 12 });
