import { shorten } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';
import type { CheckoutTarget } from '#shared/records/checkout-record.ts';
import { MAX_UNDELIVERED, type Retrieved } from '#shared/workflows/checkout.ts';
import type { Outcome } from './deliver.ts';

/** A target of the item at a position of the record, and its outcome. */
export interface Taken {
  readonly index: number;
  readonly target: CheckoutTarget;
  readonly outcome: Outcome;
}

/** Keeps the list of undelivered targets far below the size limit of a state, 256 KiB. */
const MAX_MESSAGE_LENGTH = 1000;

const isError = (outcome: Outcome): outcome is RelayError => outcome instanceof RelayError;

/**
 * Errors of the items that reached none of their stores, each error once. A repetition of the step can help only these
 * items without delivering all others again. Pure.
 */
export const errorsOfUnreached = (taken: readonly Taken[]): RelayError[] => {
  const ofItems = [...Map.groupBy(taken, ({ index }) => index).values()].map((targets) =>
    targets.map(({ outcome }) => outcome),
  );
  return [
    ...new Set(ofItems.filter((outcomes) => outcomes.every(isError)).flatMap((outcomes) => outcomes.filter(isError))),
  ];
};

/** Result of the step. A lease that ended during its read is part of it, not a failure. Pure. */
export const summarise = (taken: readonly Taken[], now: number, warnings: readonly string[]): Retrieved => {
  const outcomes = taken.map(({ outcome }) => outcome);
  const failed = taken.flatMap(({ index, target: { store }, outcome }) =>
    isError(outcome)
      ? [{ item: index, store, error: shorten(`${outcome.name}: ${outcome.message}`, MAX_MESSAGE_LENGTH) }]
      : [],
  );
  return {
    at: new Date(now).toISOString(),
    delivered: outcomes.filter((outcome) => outcome === 'delivered').length,
    gone: outcomes.includes('gone'),
    ...(outcomes.includes('conflict') && { conflict: true }),
    ...(outcomes.includes('late') && { late: true }),
    ...(failed.length > 0 && { undelivered: { count: failed.length, first: failed.slice(0, MAX_UNDELIVERED) } }),
    ...(warnings.length > 0 && { warnings: warnings.slice(0, MAX_UNDELIVERED) }),
  };
};
