import { RelayError } from '#shared/errors.ts';
import type { CheckoutTarget } from '#shared/records/checkout-record.ts';

/**
 * Refuses a target of a checkout whose store was moved by a deployment. At the new place, an absent secret does not
 * prove that it is gone, and no step would look for a new one. Raises `ConfigurationInvalid`; repeatable.
 *
 * @param current Place of the store now.
 */
export const refuseMoved = ({ store, name, place }: CheckoutTarget, current: string): void => {
  if (place === undefined || place === current) return;
  throw new RelayError(
    'ConfigurationInvalid',
    `The store ${store} was moved in relay.yaml after the checkout had begun, so the secret ${name} was left alone. Deploy the earlier settings of the store until the checkout is closed.`,
  );
};
