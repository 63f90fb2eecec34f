/** CloudWatch namespace of all metrics, which the stack's alarms and dashboard use. */
export const METRICS_NAMESPACE = 'PamRelay';

/** Metrics with another unit than a count. */
const IN_SECONDS: ReadonlySet<string> = new Set(['OldestOpenLeaseAge', 'ExportAge']);

/** CloudWatch has no unit for days. */
const WITHOUT_UNIT: ReadonlySet<string> = new Set(['OldestCredentialDays']);

/** CloudWatch unit of a metric. */
export const unitOf = (metric: string): 'Seconds' | 'Count' | 'None' => {
  if (WITHOUT_UNIT.has(metric)) return 'None';
  return IN_SECONDS.has(metric) ? 'Seconds' : 'Count';
};

/**
 * Writes measurements of one sync, connection or queue as one log line in CloudWatch's embedded metric format. They
 * need no call, and survive a failure of the step. The library is imported late: most invocations measure nothing.
 */
export const emitMetrics = async (
  relay: string,
  about:
    | { readonly sync: string }
    | { readonly connection: string }
    | { readonly checkout: string }
    | { readonly rotation: string }
    | { readonly oldCheckouts: string }
    | { readonly export: string }
    | { readonly provisioning: string }
    | { readonly directory: string }
    | { readonly queue: string }
    | { readonly route: string },
  measured: Readonly<Record<string, number>>,
): Promise<void> => {
  const { Metrics } = await import('@aws-lambda-powertools/metrics');
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: relay });
  metrics.addDimensions({ ...about });
  for (const [name, value] of Object.entries(measured)) metrics.addMetric(name, unitOf(name), value);
  metrics.publishStoredMetrics();
};
