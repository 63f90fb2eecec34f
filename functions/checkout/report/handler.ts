/**
 * Last step of a checkout and of a release, even after a failure: writes the report, emits metrics and sends notices.
 * Calls no vault and no store. Repeatable: the first report is final.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Pages, createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { tellWith } from '#shared/runtime/tell.ts';
import { checkoutSteps, rotatesAfterwards } from '#shared/workflows/checkout.ts';
import { createReportCheckout } from './report.ts';

const { config, env } = readDeployment(checkoutSteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.report,
  createReportCheckout({
    records: createS3Records(bucket),
    pages: createS3Pages(bucket),
    signals: createS3Signals(bucket),
    measure: (checkout, status, unconfirmed) =>
      emitMetrics(
        config.relay,
        { checkout },
        { CheckoutsOver: 1, CheckoutsFailed: status === 'failed' ? 1 : 0, ChangesUnconfirmed: unconfirmed ? 1 : 0 },
      ),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    tell: tellWith(config, env),
    rotations: rotatesAfterwards(config)
      ? { names: new Set(Object.keys(config.rotations)), start: createExecutionsOf(env)('rotate').start }
      : undefined,
    now: Date.now,
  }),
);
