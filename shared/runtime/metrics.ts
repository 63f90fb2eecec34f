import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Where the stack's alarms and dashboard look for what the functions measure. */
export const METRICS_NAMESPACE = 'PamRelay';

/** What is measured in another unit than a count. */
const UNITS: Readonly<Record<string, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  OldestOpenLeaseAge: MetricUnit.Seconds,
};

/**
 * Writes measurements about one sync or connection as one line of the log, in CloudWatch's embedded metric format: they
 * cost no call, and are there even when the step fails right after.
 */
export const emitMetrics = (
  relay: string,
  about: { readonly sync: string } | { readonly connection: string },
  measured: Readonly<Record<string, number>>,
): void => {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: relay });
  metrics.addDimensions({ ...about });
  for (const [name, value] of Object.entries(measured)) metrics.addMetric(name, UNITS[name] ?? MetricUnit.Count, value);
  metrics.publishStoredMetrics();
};
