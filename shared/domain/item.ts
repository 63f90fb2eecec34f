import * as z from 'zod';

/** What tells an item from all others of its vault, for as long as it exists. `kind` is the vault's own word. */
export interface ItemRef {
  readonly kind: string;
  readonly id: string;
}

/** Texts about an item under the names that templates, patterns and messages use, such as `systemName`. */
export type Labels = Readonly<Record<string, string>>;

/** The text under a label; empty where there is none. */
export const textOf = (labels: Labels, label: string): string =>
  Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';

/**
 * One thing that a vault lists and a sync or a checkout can deliver: an account, an alias, a secret. It never holds a
 * credential, and neither does any of its parts.
 */
export interface Item {
  readonly ref: ItemRef;
  /** How people call it. For messages and reports only. */
  readonly title: string;
  readonly labels: Labels;
  /** When the credential last changed, UTC ISO 8601; absent when the vault does not say. */
  readonly changedAt?: string | undefined;
  /**
   * Whatever else makes it another credential, or another kind of one: the account that an alias points at now, a date that
   * could not be read. Compared as it is.
   */
  readonly mark?: string | undefined;
  /** True where the vault gives a date of change that can't be read: its text is in the mark, and `changedAt` is absent. */
  readonly hasUnreadableDate?: boolean | undefined;
  /** True while the vault is changing the credential, or has queued a change. */
  readonly changing: boolean | 'unknown';
  /** True when the value is delivered as it is read, and no template is applied. */
  readonly verbatim?: boolean | undefined;
  /** What the vault needs to read it; parsed by the vault that made it, and by nobody else. */
  readonly handle: z.core.util.JSONType;
}

export const itemSchema = z.object({
  ref: z.object({ kind: z.string(), id: z.string() }),
  title: z.string(),
  labels: z.record(z.string(), z.string()),
  changedAt: z.string().optional(),
  mark: z.string().optional(),
  hasUnreadableDate: z.boolean().optional(),
  changing: z.union([z.boolean(), z.literal('unknown')]),
  verbatim: z.boolean().optional(),
  handle: z.json(),
});

/** A reference as text: the key under which an item's history is kept. Kinds hold no colon. */
export const itemKey = ({ kind, id }: ItemRef): string => `${kind}:${id}`;

export const isSameItem = (one: ItemRef, other: ItemRef): boolean => one.kind === other.kind && one.id === other.id;
