import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';

/**
 * What is wrong with how a message addresses an item, in words for its sender; undefined when nothing is. It repeats no text
 * of the message, not even the names of labels: a credential in the wrong place must not travel on. Pure.
 *
 * @param address How the items of a rule are addressed; undefined when they can't be.
 */
export const checkAddress = (labels: Labels, address: AddressRules | undefined): string | undefined => {
  if (address === undefined) return 'can not be named: what this source has, messages have no names for';
  const isComplete = address.labels.every((label) => Object.hasOwn(labels, label));
  return isComplete && Object.keys(labels).length === address.labels.length
    ? undefined
    : `must be named by ${address.labels.join(' and ')}, and by nothing else`;
};
