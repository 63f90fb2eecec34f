import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Item } from '#shared/domain/item.ts';
import type { LabelRules, NameNeed } from '#shared/domain/naming.ts';
import type { Patterns } from '#shared/domain/selection.ts';
import type { RelayError } from '#shared/errors.ts';

/** Facts that follow from a rule of relay.yaml and its source, without a call to the vault. */
export interface SourceRules {
  readonly accessKind: 'leases' | 'opening-reads' | 'plain-reads';
  /** Result of reading: a credential, or access to a target session. */
  readonly opens: 'credential' | 'target-session';
  /** Labels of an item that a template can use. */
  readonly labels: LabelRules;
  /** Labels that a name must contain so that no two items share it. */
  readonly needs: readonly NameNeed[];
  /** Labels to add to a name template whose names still collide, such as `{domainName} or {accountId}`. */
  readonly distinguishingPlaceholder: string;
  /** True if a value can have a passphrase in addition to its credential. */
  readonly hasPassphrase: boolean;
  /**
   * Items whose values are bytes, as a plural, and the setting that excludes them, as an instruction; undefined if all
   * values are text.
   */
  readonly bytes?: { readonly what: string; readonly fix: string } | undefined;
  /**
   * Patterns that select the items of the rule by their labels. The query covers criteria that only the vault can
   * evaluate.
   */
  readonly patterns: Patterns;
  /** Label with the name of an item's group, by which a rule selects groups. Absent if its items have no groups. */
  readonly groupLabel?: string | undefined;
  /** Hours after which the vault no longer shows a lease of another user. Absent if it shows all. */
  readonly shownHours?: number | undefined;
  /** Rules for addressing single items; undefined if they can't be addressed. */
  readonly address?: AddressRules | undefined;
  /** Lifetime of a sync's lease that is never closed, and the setting of the rule that defines it. */
  readonly leaseMinutes?: { readonly setting: string; readonly minutes: number } | undefined;
  /** Calls to the vault for one item. Default: three under a lease, else one. */
  readonly callsPerItem?: number | undefined;
  /** True if each item stands for several accounts, of which readers get the active one. */
  readonly inTurns?: boolean | undefined;
  /**
   * Reason why an item can't be read, if the vault's list already shows it. The item is then refused without a call.
   * Pure.
   */
  refusal?(item: Item): RelayError | undefined;
  /**
   * A change within this time after our own close counts as made by the vault, which changes released credentials; 0 if
   * it never does.
   */
  readonly rotationWindowMinutes: number;
  /** Instruction that stops the vault from doing so. Absent if no window is set. */
  readonly rotationFix?: string | undefined;
}
