import type { Item } from '#shared/domain/item.ts';
import type { ErrorName } from '#shared/errors.ts';

/**
 * Actions of a plan. For items: `create`, `change` and `verify` deliver, `verify` only if the value differs; `changing`
 * and `parked` wait for a later run; `held` waits for a passed test; `refuse` delivers nothing until the cause is
 * fixed. For secrets without an item: `retire` and `keep`.
 */
export const ACTIONS = [
  'create',
  'change',
  'verify',
  'retire',
  'unchanged',
  'changing',
  'parked',
  'held',
  'keep',
  'refuse',
] as const;
export type Action = (typeof ACTIONS)[number];

/** One decision of a plan, about an item or about a secret without an item. It contains no value. */
export interface Decided {
  readonly action: Action;
  /** Store of the target; absent for a row that cannot be read. */
  readonly store?: string | undefined;
  /** Title of the item; name of a secret without an item. */
  readonly subject: string;
  /** Absent for a secret without an item, and for a row that cannot be read. */
  readonly item?: Item | undefined;
  /** Name of the secret; absent if the item has no usable name. */
  readonly secret?: string | undefined;
  /** Explanation for people. Not part of the plan id, because it can contain a date. */
  readonly reason?: string | undefined;
  readonly error?: ErrorName | undefined;
  /** Facts that identify the decision in addition to its action, such as the stamp to deliver. */
  readonly facts: readonly unknown[];
  /** True if the memory of the sync can change this decision. */
  readonly dependsOnMemory: boolean;
}

/** Takes note of the decisions of a plan. */
export interface Ledger {
  /** Returns the position of the decision, counted from 0. */
  add(decision: Decided): number;
  /** Removes a decision that a later one replaces. */
  withdraw(position: number): void;
}
