import type * as z from 'zod';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Content } from '#shared/domain/content.ts';
import type { Item, ItemRef, Labels } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';

/**
 * The port of everything that hands out credentials. Vendors implement it in `connections/<type>/`; workflows see nothing
 * else of them. Every call raises a RelayError.
 */

/**
 * A rule of relay.yaml as its vault reads it: which of the vault's sources, and settings that are the vault's own, such as
 * which credential to read and how. A sync or a checkout is one.
 */
export interface Source {
  readonly source: string;
  readonly [setting: string]: unknown;
}

/** What a vault lists as something that can't be read. It holds nothing but ids of what stands there. */
export interface Rejected {
  readonly title: string;
  /** What is wrong with it, and what to do. */
  readonly message: string;
}

/** One page of a list, each item once. */
export interface ItemPage {
  readonly items: readonly Item[];
  /**
   * False on the page that shows that the vault did not list everything, or may not have: a row that can't be read, or rows
   * that moved while they were read. What is not listed then may be there all the same.
   */
  readonly complete: boolean;
  /** Rows that can't be read: each fails alone. */
  readonly rejected?: readonly Rejected[] | undefined;
}

/** What was read of one item. */
export interface Read {
  readonly content: Content;
  /** When a release that nobody can give back ends by itself, UTC ISO 8601 by the vault's clock. */
  readonly endsAt?: string | undefined;
  /** Id of the target session that reading has opened, where the vault tells it. */
  readonly targetSession?: string | undefined;
}

/** What reading without a lease asks for. */
export interface ReadTerms {
  /** At most 1,000 characters; approvers, audit and mails show it. */
  readonly reason: string;
  /** For how long; what the rule itself says when left out. The vault cuts it to what it grants for the item. */
  readonly minutes?: number | undefined;
}

/** What a lease is asked for with. */
export interface LeaseTerms extends ReadTerms {
  /** Number of the ticket that it is asked for with. */
  readonly ticket?: string | undefined;
  /** Whether the vault is to change the credential once the lease ends; its policy may overrule `false`. */
  readonly changeAtEnd: boolean;
  /** When this user holds a lease for the item already: read along with it, or raise `RequestConflict`. */
  readonly whenHeld: 'share' | 'refuse';
  /** The offer that the terms were made by. */
  readonly offer?: Offer | undefined;
}

/** Conditions under which the vault would grant a lease now. */
export interface Offer {
  /** How many people have to approve; 0 approves at once. */
  readonly approvers: number;
  readonly needsTicket: boolean;
  /** Goes back to the vault with the terms. */
  readonly handle: z.core.util.JSONType;
}

/** A lease that this user holds, opened by any of its clients. */
export interface HeldLease {
  readonly id: string;
  /** What it is for: an account, say, and the alias by which it was asked for. */
  readonly items: readonly ItemRef[];
  readonly status: 'pending' | 'active';
  readonly opens: 'credential' | 'target-session' | 'unknown';
  /** As it was asked for with. */
  readonly reason: string;
  /** UTC ISO 8601, where the vault says it. */
  readonly createdAt?: string | undefined;
  /** When the vault itself ends it; UTC ISO 8601. */
  readonly endsAt?: string | undefined;
}

/** Reading by leases: open one, read under it as often as needed, close it. */
export interface Leases {
  readonly kind: 'leases';
  /** Conditions for an item and so many minutes: none when nothing allows it now. Opens nothing; repeatable. */
  offers?(item: Item, minutes: number): Promise<readonly Offer[]>;
  /** Asks for a lease. `ours` is false when it was there already: {@link held} tells whose it is. Not repeatable. */
  open(item: Item, terms: LeaseTerms): Promise<{ readonly id: string; readonly ours: boolean }>;
  /**
   * Reads under an active lease. Raises `LeaseGone`, `ApprovalPending`, and `DeliverySuperseded` for an item that means
   * another credential by now. Repeatable where it opens no target session; then each call opens another one.
   */
  read(leaseId: string, item: Item): Promise<Read>;
  /**
   * All leases of this user that have not ended. Repeatable; never empty because of an error. When there is one that can't be
   * read it raises `AnswerMalformed`; a caller that gives `onUnreadable` is told so instead, and given all others.
   */
  held(onUnreadable?: (error: RelayError) => void): Promise<readonly HeldLease[]>;
  /** Gives a lease back; `at` is the vault's clock, UTC ISO 8601. One that is gone counts as given back. Repeatable. */
  close(leaseId: string, note: string): Promise<{ readonly at?: string | undefined }>;
}

/** The right to open an item of a vault that knows no leases by id: one run at a time has it, over all workflows. */
interface Claim {
  readonly item: ItemRef;
  /** The run that has it. */
  readonly run: string;
}

/** Reading where opening answers with the credential: the claim is made before, and closing names the item alone. */
interface OpeningReads {
  readonly kind: 'opening-reads';
  openAndRead(item: Item, terms: ReadTerms, claim: Claim): Promise<Read>;
  close(claim: Claim, note: string): Promise<{ readonly at?: string | undefined }>;
}

/** Reading in one call that leaves nothing open that could be given back. */
export interface PlainReads {
  readonly kind: 'plain-reads';
  /** Each call may be a release of its own, so it is never repeated by the client. */
  read(item: Item, terms: ReadTerms): Promise<Read>;
}

export type Access = Leases | OpeningReads | PlainReads;

/** A target session (RDP, SSH, an application) that is not over. */
export interface TargetSession {
  readonly id: string;
  /** Of one that was opened under a lease. Older vaults do not tell it. */
  readonly leaseId?: string | undefined;
  /** What it is for, where the vault tells it. */
  readonly item?: ItemRef | undefined;
}

export interface TargetSessions {
  /** All that are not over, of all users whom this one may see; `onUnreadable` as for {@link Leases.held}. Repeatable. */
  list(onUnreadable?: (error: RelayError) => void): Promise<readonly TargetSession[]>;
  /** Ends one; false when it was over already. Repeatable. */
  end(id: string): Promise<boolean>;
}

/** Decides how the wanted items of a list are read, where that depends on the rows that are not wanted. */
export interface Preparation {
  /** Takes note of an item that is listed and not to be read. */
  passOver(item: Item): void;
  /** The wanted items once all of the list is known: in the order to read them in, each with its final handle. */
  arrange(wanted: readonly Item[]): readonly Item[];
}

/** A signed-in session. Calls may run in parallel; the connection's limits hold. */
export interface VaultSession {
  /**
   * Lists what a source has, page by page, each item once. `within` narrows the list to items with these labels, as far as
   * the source can ({@link SourceRules.narrowing}). Repeatable.
   */
  list(source: Source, within?: Labels): AsyncIterable<ItemPage>;
  /** Finds one item by the labels that people address it by ({@link SourceRules.address}). Repeatable. */
  find(source: Source, labels: Labels): Promise<Item | 'none' | 'several'>;
  /** The way in that the rule asks for. `expected` are the items that are going to be read, for vaults that read in bulk. */
  access(source: Source, expected?: readonly Item[]): Access;
  /** Absent where nothing has to be prepared. */
  prepare?(source: Source): Preparation | undefined;
  /** Absent where the vault has no such thing. */
  readonly targetSessions?: TargetSessions | undefined;
}

export interface Vault {
  /** Makes sure that signing in works; says until when, UTC ISO 8601, where that is known. Repeatable. */
  ensureSignIn(): Promise<{ readonly expiresAt: string | null }>;
  /** Signs in, does the work, and signs out whatever happened. One session per function invocation. */
  session<T>(work: (session: VaultSession) => Promise<T>): Promise<T>;
  /** What follows from a rule alone, without a call. */
  rules(source: Source): SourceRules;
}
