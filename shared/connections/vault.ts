import type * as z from 'zod';
import type { AllLeases } from '#shared/connections/all-leases.ts';
import type { Resources } from '#shared/connections/resource.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Content } from '#shared/domain/content.ts';
import type { Item, ItemRef, Labels } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';

/**
 * The port for systems that issue credentials. Each vendor has an implementation in `connections/<type>/`, which
 * workflows use only through this port. All errors are RelayErrors.
 */

/**
 * A rule of relay.yaml as read by its vault: the source, and settings specific to the vault, such as the credential to
 * read. Syncs and checkouts are such rules.
 */
export interface Source {
  readonly source: string;
  readonly [setting: string]: unknown;
}

/** A row of a vault's list that can't be read, reduced to its ids. */
export interface Rejected {
  readonly title: string;
  /** Problem and fix. */
  readonly message: string;
}

/** One page of a list; each item appears once. */
export interface ItemPage {
  readonly items: readonly Item[];
  /**
   * False if this page shows that the list is incomplete or may be incomplete: a row is unreadable, or rows moved
   * during the read. Items that are not listed may then still exist.
   */
  readonly complete: boolean;
  /**
   * Time since which the vault shows changes, UTC ISO 8601: an item without `changedAt` has not changed since then.
   * Absent if `changedAt` is the last change of all time.
   */
  readonly changesSince?: string | undefined;
  /** Rows that can't be read. They do not affect the other rows. */
  readonly rejected?: readonly Rejected[] | undefined;
  /**
   * Parts that the relay leaves out, one line for each reason: selected items of kinds that it does not deliver, or
   * dates of change that it may not read.
   */
  readonly skipped?: readonly string[] | undefined;
}

/** Result of reading one item. */
export interface Read {
  readonly content: Content;
  /** End of a release that can't be checked in, UTC ISO 8601 by the vault's clock. */
  readonly endsAt?: string | undefined;
  /** Id of the target session that the read opened, if the vault returns it. */
  readonly targetSession?: string | undefined;
}

/** Terms of a read without a lease. */
export interface ReadTerms {
  /** At most 1,000 characters; shown to approvers and in audits and mails. */
  readonly reason: string;
  /** Duration; by default that of the rule. Reduced to the maximum that the vault grants for the item. */
  readonly minutes?: number | undefined;
}

/** Terms of a lease. */
export interface LeaseTerms extends ReadTerms {
  /** Ticket number. */
  readonly ticket?: string | undefined;
  /** True if the vault is to change the credential when the lease ends; its policy can overrule `false`. */
  readonly changeAtEnd: boolean;
  /** If this user already holds a lease for the item: share it, or raise `RequestConflict`. */
  readonly whenHeld: 'share' | 'refuse';
  /** The offer on which the terms are based. */
  readonly offer?: Offer | undefined;
}

/** Conditions under which the vault would grant a lease now. */
export interface Offer {
  /** Number of people who have to approve; 0 means immediate approval. */
  readonly approvers: number;
  readonly needsTicket: boolean;
  /** Returned to the vault with the terms. */
  readonly handle: z.core.util.JSONType;
}

/** An open lease of this user, opened by any of its clients. */
export interface HeldLease {
  readonly id: string;
  /** Items that it covers: an account, for example, and the alias under which it was requested. */
  readonly items: readonly ItemRef[];
  readonly status: 'pending' | 'active';
  readonly opens: 'credential' | 'target-session' | 'unknown';
  /** Reason as given in the request. */
  readonly reason: string;
  /** UTC ISO 8601, if the vault returns it. */
  readonly createdAt?: string | undefined;
  /** Time at which the vault itself ends it, UTC ISO 8601. */
  readonly endsAt?: string | undefined;
}

/** Reading under leases: open one, read under it as often as needed, close it. */
export interface Leases {
  readonly kind: 'leases';
  /**
   * Raises `LimitReached` if the vault's limits do not allow to open and close so many items now. Opens nothing. Absent
   * if the vault has no such limits. Repeatable.
   */
  admit?(items: number): Promise<void>;
  /**
   * Returns the current offers for an item and a duration; none if nothing allows a lease now. Opens nothing;
   * repeatable.
   */
  offers?(item: Item, minutes: number): Promise<readonly Offer[]>;
  /**
   * Requests a lease. `ours` is false if it already existed; {@link held} shows its owner. `endsAt` is the time at
   * which the vault itself ends a new lease, UTC ISO 8601, if that is known; a late approval can move it. Not
   * repeatable.
   */
  open(
    item: Item,
    terms: LeaseTerms,
  ): Promise<{ readonly id: string; readonly ours: boolean; readonly endsAt?: string | undefined }>;
  /**
   * Reads under an active lease. Raises `LeaseGone`, `ApprovalPending`, and `DeliverySuperseded` for an item that now
   * refers to another credential. Repeatable unless it opens a target session: each call then opens another one.
   */
  read(leaseId: string, item: Item): Promise<Read>;
  /**
   * All open leases of this user. Repeatable; never empty because of an error. Raises `AnswerMalformed` if one can't be
   * read; with `onUnreadable`, it reports that error and returns all others.
   */
  held(onUnreadable?: (error: RelayError) => void): Promise<readonly HeldLease[]>;
  /**
   * Checks in a lease; `at` is the time by the vault's clock, UTC ISO 8601. A lease that no longer exists counts as
   * checked in. Repeatable.
   */
  close(leaseId: string, note: string): Promise<{ readonly at?: string | undefined }>;
}

/**
 * Reads in which opening a lease returns the credential, in a vault whose leases have no ids and name no run. The relay
 * wraps them in {@link Leases} whose claims show which run has opened what: see `shared/leases/claims.ts`.
 */
export interface OpeningReads {
  readonly kind: 'opening-reads';
  /**
   * Raises `LimitReached` if the vault's limits do not allow to open and close so many items now; at most one call.
   * Absent if the vault has no such limits. Repeatable.
   */
  admit?(items: number): Promise<void>;
  /**
   * Opens a lease and reads under it. Raises `RequestConflict`, without an effect, if the item has a lease already. Not
   * repeatable: each call can open another lease.
   */
  openAndRead(item: Item, terms: ReadTerms): Promise<Read>;
  /**
   * Checks in this user's own lease of an item, never that of another user. An item without a lease of ours counts as
   * checked in. `at` is the time by the vault's clock, UTC ISO 8601. Repeatable.
   */
  close(item: Pick<Item, 'ref' | 'title'>, note: string): Promise<{ readonly at?: string | undefined }>;
}

/** Reads in one call that leaves nothing to check in. */
export interface PlainReads {
  readonly kind: 'plain-reads';
  /** Each call can be a separate release, so the client never repeats it. */
  read(item: Item, terms: ReadTerms): Promise<Read>;
}

/** Access as workflows use it. */
export type Access = Leases | PlainReads;

/** Access as the vendors implement it. */
export type VendorAccess = Access | OpeningReads;

/** A target session (RDP, SSH, an application) that has not ended. */
export interface TargetSession {
  readonly id: string;
  /** The lease under which it was opened, if any. Older vaults do not return it. */
  readonly leaseId?: string | undefined;
  /** The item that it is for, if the vault returns it. */
  readonly item?: ItemRef | undefined;
}

export interface TargetSessions {
  /**
   * All sessions that have not ended, of all users visible to this one; `onUnreadable` as for {@link Leases.held}.
   * Repeatable.
   */
  list(onUnreadable?: (error: RelayError) => void): Promise<readonly TargetSession[]>;
  /** Ends a session; false if it had already ended. Repeatable. */
  end(id: string): Promise<boolean>;
}

/** Plans how the wanted items of a list are read if that depends on the items that are not wanted. */
export interface Preparation {
  /** Records a listed item that is not to be read. */
  exclude(item: Item): void;
  /**
   * Returns the wanted items, once the whole list is known, in the order to read them in, each with its final handle.
   */
  arrange(wanted: readonly Item[]): readonly Item[];
}

/** A signed-in session. Calls can run in parallel within the limits of the connection. */
export interface VaultSession<A extends VendorAccess = Access> {
  /**
   * Lists the items of a source, page by page, each item once. `within` narrows the list to items with these labels, as
   * far as the source supports it ({@link AddressRules.narrowing}). `since`: changes before this time, UTC ISO 8601,
   * are known, so the list need not show them. Repeatable.
   */
  list(source: Source, within?: Labels, since?: string): AsyncIterable<ItemPage>;
  /** Finds one item by its address labels ({@link SourceRules.address}). Repeatable. */
  find(source: Source, labels: Labels): Promise<Item | 'none' | 'several'>;
  /** The kind of access that the rule uses. `expected` are the items to be read, for vaults that read in bulk. */
  access(source: Source, expected?: readonly Item[]): A;
  /** Absent if nothing has to be prepared. */
  prepare?(source: Source): Preparation | undefined;
  /**
   * Absent, or undefined for a source, if the vault changes no credentials on request. `relayUsers` are the users with
   * which the relay signs in to this vault, over any connection: their credentials never change.
   */
  rotation?(source: Source, relayUsers?: readonly string[]): Rotation | undefined;
  /** Imports the code that provisions. Absent if nothing can be provisioned. */
  resources?(): Promise<Resources>;
  /** Absent, or undefined for a source, if the vault does not show the leases of all its users. */
  allLeases?(source: Source): AllLeases | undefined;
  /** Absent if the vault has no target sessions. */
  readonly targetSessions?: TargetSessions | undefined;
}

export interface Vault<A extends VendorAccess = Access> {
  /** Ensures that sign-in works, and returns until when, UTC ISO 8601, if that is known. Repeatable. */
  ensureSignIn(): Promise<{ readonly expiresAt: string | null }>;
  /** Signs in, runs the work and always signs out. One session per function invocation. */
  session<T>(work: (session: VaultSession<A>) => Promise<T>): Promise<T>;
  /**
   * Names of the users that the connection signs in as, if the vault can change their credentials. Absent if it cannot.
   * No call to the vault. Repeatable.
   */
  users?(): Promise<readonly string[]>;
  /** Facts that follow from a rule alone, without a call. */
  rules(source: Source): SourceRules;
}
