/** Where the stack's alarms and dashboard look for what the functions measure. */
export const METRICS_NAMESPACE = 'PamRelay';

/** What is measured in another unit than a count. */
const IN_SECONDS: ReadonlySet<string> = new Set(['OldestOpenLeaseAge']);

/**
 * Writes measurements about one sync, connection or queue as one line of the log, in CloudWatch's embedded metric format: they
 * cost no call, and are there even when the step fails right after. Imported late: most invocations have nothing to measure.
 */
export const emitMetrics = async (
  relay: string,
  about:
    | { readonly sync: string }
    | { readonly connection: string }
    | { readonly checkout: string }
    | { readonly queue: string },
  measured: Readonly<Record<string, number>>,
): Promise<void> => {
  const { Metrics, MetricUnit } = await import('@aws-lambda-powertools/metrics');
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: relay });
  metrics.addDimensions({ ...about });
  for (const [name, value] of Object.entries(measured))
    metrics.addMetric(name, IN_SECONDS.has(name) ? MetricUnit.Seconds : MetricUnit.Count, value);
  metrics.publishStoredMetrics();
};
