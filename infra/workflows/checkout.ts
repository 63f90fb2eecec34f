import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { CheckoutMetric } from '#infra/constructs/metrics.ts';
import { CheckoutWorkflow } from '#infra/workflows/checkout-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { checkoutWorkflow } from '#shared/workflows/checkout.ts';

/** Adds the workflows of checkouts, with their alarms and graphs, if relay.yaml has rules for checkouts. */
export const addCheckout: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!checkoutWorkflow.isUsed(config)) return {};
  const { checkout, release } = new CheckoutWorkflow(stack, 'Checkouts', props);
  const rules = Object.keys(config.checkouts);
  const of = (...names: CheckoutMetric[]) =>
    rules.flatMap((rule) => names.map((name) => metrics.ofCheckout(rule, name).with({ label: `${rule}: ${name}` })));
  return {
    alarms: [
      {
        kind: 'checkout-failed',
        says: 'A checkout or a release failed, was stopped, or timed out.',
        metric: failuresOf(checkout.machine, release.machine),
      },
      ...rules.map((rule) => ({
        kind: 'change-unconfirmed',
        says: 'The vault has not changed a credential after its check-in.',
        about: rule,
        metric: metrics.ofCheckout(rule, 'ChangesUnconfirmed'),
      })),
    ],
    graphs: graphsOf('Checkouts', of('CheckoutsOver', 'CheckoutsFailed', 'ChangesUnconfirmed')),
  };
};
