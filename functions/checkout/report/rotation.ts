import { createHash } from 'node:crypto';
import { wasDelivered } from '#shared/domain/checkout/next-action.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';
import type { CheckoutStepInput } from '#shared/workflows/checkout.ts';
import type { RotationOrder } from '#shared/workflows/rotate.ts';

type AfterCheckout = RotationOrder & Required<Pick<RotationOrder, 'checkout'>>;

/** Rotation to start after a checkout; undefined if it has none, or if it has opened nothing for certain. Pure. */
export const rotationAfter = (
  input: CheckoutStepInput,
  record: CheckoutRecord | undefined,
): AfterCheckout | undefined => {
  const rotation = record?.settings.rotate;
  if (rotation === undefined || !mayHaveBeenRead(input)) return undefined;
  const { rule, run } = input;
  return { rule: rotation, trigger: 'checkout', checkout: { rule, run } };
};

/** Name of the execution of a rotation after a checkout: one for each, however often its end is reported. Pure. */
export const rotationRun = ({ rule, checkout }: AfterCheckout): string => {
  const hash = createHash('sha256').update(checkout.run).digest('hex').slice(0, 24);
  return `${rule}.checkout-${hash}`;
};

/** True if something was delivered, or a lease was open. The progress of an abandoned checkout is unknown. */
const mayHaveBeenRead = ({ order, requested, retrieved, retired, checkedIn }: CheckoutStepInput): boolean =>
  order.type === 'checkout.abandoned' ||
  retrieved !== undefined ||
  wasDelivered({ retired: retired?.retired }) ||
  (requested === undefined ? (checkedIn?.closed ?? 0) > 0 : requested.leases.some(({ status }) => status === 'active'));
