import type * as z from 'zod';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import type { NameRules } from '#shared/domain/naming.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { Permission } from '#shared/workflows/grants.ts';

/**
 * The port of everything that credentials are delivered into. Store types implement it in `stores/<type>/`; workflows see
 * nothing else of them. Every call raises a RelayError.
 */

/** A secret of ours as the store's list shows it. */
export interface StoredSecret {
  readonly name: string;
  /** What it was delivered with; undefined for one that says nothing of the kind. */
  readonly stamp: Stamp | undefined;
}

/**
 * State of one name in a store. Unknown is not a case: an error is thrown, never read as "absent". `retired` is ours and
 * scheduled for deletion; delivering restores it.
 */
export type Presence = { readonly kind: 'absent' } | { readonly kind: 'foreign' } | OwnedPresence;

export interface OwnedPresence {
  readonly kind: 'owned';
  readonly stamp: Stamp | undefined;
  readonly retired: boolean;
}

/** State of a target when a delivery was decided: a stamp, no secret at all, or one of ours without a stamp. */
export type Expected = { readonly stamp: Stamp } | 'absent' | 'unstamped';

export interface Delivery {
  readonly name: string;
  /** A text, or bytes, which the store keeps as bytes. */
  readonly value: Secret<SecretContent>;
  /** Delivering the same stamp twice changes nothing. */
  readonly stamp: Stamp;
  /** The fence: what differs from it was changed by somebody else meanwhile, and is left as it is. */
  readonly expected: Expected;
  /** Shown beside the secret; no secret in it. */
  readonly description: string;
}

export interface Delivered {
  /** False when the store held this stamp already. */
  readonly changed: boolean;
  /** `accepted` where the store can't be read: it said that it took the value. */
  readonly verified: 'read-back' | 'accepted';
}

/** How long a retired secret can be restored: so many days, or not at all. */
type Recovery = number | 'none';

/** The secrets of one owner in one store. */
export interface SecretStore {
  /** Lists the secrets of this owner, page by page. May lag behind by minutes. Repeatable. */
  list(): AsyncIterable<readonly StoredSecret[]>;
  /** Looks one name up, without reading its value. Repeatable. */
  inspect(name: string): Promise<Presence>;
  /** Whether the secret holds this value now; unknown where the store can't be read. Repeatable. */
  holds(name: string, value: Secret<SecretContent>): Promise<boolean | 'unknown'>;
  /** Delivers behind the fence, verified as far as the store can be read. Repeatable. */
  deliver(delivery: Delivery): Promise<Delivered>;
  /** Takes a secret of ours away; false when it was not there or not ours. Repeatable. */
  retire(name: string, recovery: Recovery): Promise<boolean>;
  /** The command with which an operator hands a foreign secret over to this owner. */
  adoption(name: string): string;
}

/** What a store takes and can do, known without asking it: at synthesis, by the loader, by the plan. */
export interface StoreRules {
  readonly name: NameRules;
  /** Most bytes of a value. */
  readonly valueBytes: number;
  /** Whether it keeps bytes as bytes. */
  readonly binary: boolean;
  /** Whether values can be read back. */
  readonly readable: boolean;
  /** When somebody else's change is noticed: before it is overwritten, afterwards, or never. */
  readonly fence: 'before' | 'after' | 'none';
  /** What retiring can promise: days of the caller's choice, the store's own time, or nothing. */
  readonly recovery: 'days' | 'fixed' | 'none';
}

/** What a function does with a store. Permissions follow from it. */
export type StoreUse = 'list' | 'inspect' | 'deliver' | 'retire';

export interface StoreContext {
  /** Who owns what is delivered, worldwide: the relay and the rule. */
  readonly owner: string;
  /** The key that encrypts delivered secrets where relay.yaml names none of its own. */
  readonly encryptionKey: string | undefined;
}

/** A type of store, as its registry knows it. */
export interface StoreType<Settings extends EntryShape = EntryShape> {
  /** An entry under `stores` in relay.yaml, an object whose `type` is this type's name. */
  readonly settings: Settings;
  readonly rules: StoreRules;
  /** Tells apart the places of this type that entries deliver into. When absent, all entries mean the same place. */
  place?(settings: z.output<Settings>): string;
  connect(settings: z.output<Settings>, context: StoreContext): SecretStore;
  /** The permissions in AWS for one use of the secrets of a scope; none for a scope without prefixes, but for listing. */
  grants(settings: z.output<Settings>, use: StoreUse, scope: StoreScope): readonly Permission[];
}

export interface StoreScope {
  /** What the names begin with. */
  readonly prefixes: readonly string[];
  /** Pattern of the owners that a function acts for. */
  readonly owners: string;
  /** ARN of the stack's key. */
  readonly encryptionKey: string;
  /** Of the stack. At synthesis these are texts that CloudFormation fills in. */
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}
