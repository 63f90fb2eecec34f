import type { CheckoutConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** A rule for checkouts. Raises `ConfigurationInvalid`, with the names that there are, for one that was not deployed. */
export const checkoutNamed = (checkouts: Readonly<Record<string, CheckoutConfig>>, name: string): CheckoutConfig => {
  const rule = Object.hasOwn(checkouts, name) ? checkouts[name] : undefined;
  if (rule !== undefined) return rule;
  throw new RelayError(
    'ConfigurationInvalid',
    `There is no checkout ${JSON.stringify(name)} in the deployed relay.yaml. Ask under one of: ${Object.keys(checkouts).join(', ')}.`,
  );
};
