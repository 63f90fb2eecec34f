import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Item } from '#shared/domain/item.ts';
import type { LabelRules, NameNeed } from '#shared/domain/naming.ts';
import type { Patterns } from '#shared/domain/selection.ts';
import type { RelayError } from '#shared/errors.ts';

/** What follows from a rule of relay.yaml and the source that it reads, without asking the vault. */
export interface SourceRules {
  readonly wayIn: 'leases' | 'opening-reads' | 'plain-reads';
  /** What reading gives: a credential, or what lets its holder into a target session. */
  readonly opens: 'credential' | 'target-session';
  /** What a template may say of an item. */
  readonly labels: LabelRules;
  /** What a name has to say, so that no two items share one. */
  readonly needs: readonly NameNeed[];
  /** What to add to a name template whose names meet all the same, such as `{domainName} or {accountId}`. */
  readonly toTellApart: string;
  /** Whether a value can have a passphrase beside its credential. */
  readonly hasPassphrase: boolean;
  /** Which items the rule selects, as far as their labels tell; what only the vault can tell apart it is asked for. */
  readonly patterns: Patterns;
  /** How people address single items; undefined where they can't. */
  readonly address?: AddressRules | undefined;
  /** How long a lease of a sync lives if nobody closes it, and the setting of the rule that says so. */
  readonly leaseMinutes?: { readonly setting: string; readonly minutes: number } | undefined;
  /** Why an item can't be read, where the vault's list says so already: then it is refused without a call. Pure. */
  refusal?(item: Item): RelayError | undefined;
  /** A change this soon after our own close is taken for the vault changing what it had released; 0 where it never does. */
  readonly rotationWindowMinutes: number;
}
