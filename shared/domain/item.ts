import * as z from 'zod';

/** Identifies an item within its vault for as long as it exists. `kind` is the vault's own term. */
export interface ItemRef {
  readonly kind: string;
  readonly id: string;
}

/** Texts about an item under the names that templates, patterns and messages use, such as `systemName`. */
export type Labels = Readonly<Record<string, string>>;

/** Text of a label; empty if there is none. */
export const textOf = (labels: Labels, label: string): string =>
  Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';

/**
 * Anything that a vault lists and a sync or a checkout can deliver: an account, an alias, a secret. No part of it
 * contains a credential.
 */
export interface Item {
  readonly ref: ItemRef;
  /** Display name, for messages and reports only. */
  readonly title: string;
  readonly labels: Labels;
  /** Time of the credential's last change, UTC ISO 8601; absent if the vault does not provide it. */
  readonly changedAt?: string | undefined;
  /**
   * Any other fact that identifies the credential or its kind: the account that an alias points to now, or a date that
   * could not be read. Compared verbatim.
   */
  readonly mark?: string | undefined;
  /** True if the vault's date of change cannot be read. Its text is then in `mark`, and `changedAt` is absent. */
  readonly hasUnreadableDate?: boolean | undefined;
  /** True while the vault is changing the credential, or has queued a change. */
  readonly changing: boolean | 'unknown';
  /** True if the value is delivered as it was read, without a template. */
  readonly verbatim?: boolean | undefined;
  /** The account whose credential readers get now, of an item that stands for several accounts. */
  readonly active?: ItemRef | undefined;
  /**
   * Accounts that take turns, in the order of the configuration. The vault does not know which of them is active, so
   * the rest of the item describes the first one until `activate` of `turns.ts` chooses.
   */
  readonly members?: readonly Member[] | undefined;
  /** Data that the vault needs to read the item. Only the vault that created it parses it. */
  readonly handle: z.core.util.JSONType;
}

/** An account of an item whose accounts take turns. */
export type Member = Pick<
  Item,
  'ref' | 'title' | 'labels' | 'changedAt' | 'mark' | 'hasUnreadableDate' | 'changing' | 'handle'
>;

const refSchema = z.object({ kind: z.string(), id: z.string() });

const memberSchema = z.object({
  ref: refSchema,
  title: z.string(),
  labels: z.record(z.string(), z.string()),
  changedAt: z.string().optional(),
  mark: z.string().optional(),
  hasUnreadableDate: z.boolean().optional(),
  changing: z.union([z.boolean(), z.literal('unknown')]),
  handle: z.json(),
});

export const itemSchema = memberSchema.extend({
  verbatim: z.boolean().optional(),
  active: refSchema.optional(),
  members: z.array(memberSchema).readonly().optional(),
});

/** Formats a reference as the key of an item's history. Kinds contain no colon. */
export const itemKey = ({ kind, id }: ItemRef): string => `${kind}:${id}`;

/** Key of the credential that a read of the item releases: the turn of another account is no change of this one. */
export const releasedKey = ({ ref, active = ref }: Pick<Item, 'ref' | 'active'>): string => itemKey(active);

export const isSameItem = (one: ItemRef, other: ItemRef): boolean => one.kind === other.kind && one.id === other.id;
