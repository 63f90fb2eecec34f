import type { Secret, SecretContent } from '#shared/secret.ts';

/** A secret of ours as the store's list shows it. */
export interface StoredSecret {
  readonly name: string;
  /** The version id under the store's "current" stage; undefined while there is none. */
  readonly currentVersionId: string | undefined;
}

/**
 * What the store says about one name. Unknown is not a case: an error is thrown, never read as "absent".
 * `retired` is ours and scheduled for deletion; delivering restores it.
 */
export type Presence =
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'owned'; readonly currentVersionId: string | undefined; readonly retired: boolean };

export interface Delivery {
  readonly name: string;
  /** A text, or bytes, which the store keeps as bytes. */
  readonly value: Secret<SecretContent>;
  /** 32 to 64 characters, derived from the generation; delivering it twice changes nothing. */
  readonly versionId: string;
  /** The version that was current when the delivery was decided: the fence of the promotion. */
  readonly replaces: string | undefined;
  /** Shown beside the secret; no secret in it. */
  readonly description: string;
}

export interface Delivered {
  readonly versionId: string;
  /** False when this version was current already. */
  readonly changed: boolean;
}

/** Where credentials are delivered. Every call raises a RelayError. */
export interface SecretStore {
  /** Lists the secrets that carry this owner's tag, page by page. May lag behind by minutes. Repeatable. */
  list(): AsyncIterable<readonly StoredSecret[]>;
  /** Looks one name up, without reading its value. Repeatable. */
  inspect(name: string): Promise<Presence>;
  /** Reads the current value, to compare it; undefined when there is none. Repeatable. */
  readCurrent(name: string): Promise<Secret<SecretContent> | undefined>;
  /** Delivers, verifies by reading back, and promotes behind the fence. Repeatable. */
  deliver(delivery: Delivery): Promise<Delivered>;
  /** Schedules a secret of ours for deletion; false when it was not there or not ours. Repeatable. */
  retire(name: string, recovery: number | 'none'): Promise<boolean>;
  /** The command with which an operator hands a foreign secret over to this owner. */
  adoptCommand(name: string): string;
}
