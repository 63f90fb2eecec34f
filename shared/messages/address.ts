import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';

/**
 * Checks how a message addresses an item. Returns an error text for the sender, or undefined. The text repeats nothing
 * of the message, not even label names: a credential in the wrong field must not be passed on. Pure.
 *
 * @param address Address rules for the items of a rule; undefined if they cannot be addressed.
 */
export const checkAddress = (labels: Labels, address: AddressRules | undefined): string | undefined => {
  if (address === undefined) return 'cannot be addressed: messages have no address for items of this source';
  const isComplete = address.labels.every((label) => Object.hasOwn(labels, label));
  return isComplete && Object.keys(labels).length === address.labels.length
    ? undefined
    : `must be addressed by ${address.labels.join(' and ')} only`;
};
