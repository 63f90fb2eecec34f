import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE } from '#shared/runtime/metrics.ts';

export type SyncMetric =
  | 'RunSucceeded'
  | 'RunPartial'
  | 'RunFailed'
  | 'RunSkipped'
  | 'Delivered'
  | 'Unchanged'
  | 'Skipped'
  | 'Failed';

export type CheckoutMetric = 'CheckoutsOver' | 'CheckoutsFailed' | 'ChangesUnconfirmed';

export type MessageMetric = 'MessagesHandled' | 'MessagesRefused';

export type ConnectionMetric = 'SignInRefused' | 'OldestOpenLeaseAge' | 'OpenLeasesReaped';

/** What the functions measure, by relay and by what it is about. */
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

  ofMessages(metricName: MessageMetric, period = Duration.hours(1)): Metric {
    return this.#metric({ queue: 'intake' }, metricName, Stats.SUM, period);
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
