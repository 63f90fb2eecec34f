import type { Item, ItemRef } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';

/** The part of the port to a vault that changes credentials. */

/** Part of an item that a rotation needs. An account that is not an item of the source has it too ({@link Pair}). */
export type Rotated = Pick<Item, 'ref' | 'title' | 'handle'>;

/** The same, with the accounts of an item whose accounts take turns. */
type Orderable = Rotated & Pick<Item, 'members'>;

/**
 * Changes of a credential, as the vault shows them. A change has happened if `changedAt` or `mark` differs from the
 * state before it and `changing` is not true. An equal state proves nothing: the vault can show a change late. No state
 * tells the changes of two callers apart.
 */
export interface CredentialState {
  /** True while the vault is changing the credential, or has queued a change. `unknown` if it does not show that. */
  readonly changing: boolean | 'unknown';
  /** Time of the last change, UTC ISO 8601; absent if the vault does not provide it, or there was none. */
  readonly changedAt?: string | undefined;
  /** Text of a date that can't be read. Compared verbatim with other states, never with the mark of an item. */
  readonly mark?: string | undefined;
}

/** State of a credential before its change. */
export interface Inspection {
  readonly state: CredentialState;
  /**
   * Equal for credentials that the vault changes together: a change of one changes all. Absent if the vault has no such
   * sets.
   */
  readonly set?: string | undefined;
  /** `ChangeRefused` if a change would not change this credential, or would change another one. */
  readonly refusal?: RelayError | undefined;
}

/** Place of an item in the order of a rotation. */
export interface Placement {
  readonly ref: ItemRef;
  /** Equal for items on one system. */
  readonly system: string;
  /** Equal for items that the vault changes together. Absent if it is known to change alone. */
  readonly unit?: string | undefined;
  /** Other items of the question whose credentials the vault uses to change this one. */
  readonly after: readonly ItemRef[];
  /** `ChangeRefused` if the item must not change: with it, the relay or another user of its credential would stop. */
  readonly refusal?: RelayError | undefined;
}

/** Order of the items of a rotation. */
export interface RotationOrder {
  /** Each item once, in the order of the question. */
  readonly placements: readonly Placement[];
  /** Cause for which `after` may lack items: unknown is not absent. */
  readonly incomplete?: RelayError | undefined;
}

/** Accounts with the same rights behind one name, which points at one of them. */
export interface Pair {
  /** The account that readers get now. Absent if the name points at none. */
  readonly active?: Rotated | undefined;
  /** The other accounts, whose change no reader of the name notices. */
  readonly standby: readonly Rotated[];
}

/**
 * Changes of credentials in the vault. No call returns a credential. The calls of one item raise `ContractViolated` for
 * an item of another source, and for a name that stands for several accounts: only those can be changed.
 */
export interface Rotation {
  /**
   * Finds the order in which items change, in shares of lists: at most one call for each of their systems, and a few
   * for all. Raises `PermissionMissing` if the vault does not show the items themselves. Absent if every item can
   * change at any time. Repeatable.
   */
  order?(items: readonly Orderable[]): Promise<RotationOrder>;
  /** Looks for reasons not to change a credential; at most two calls. Repeatable. */
  inspect(item: Rotated): Promise<Inspection>;
  /**
   * Asks the vault to change the credential. Without `queue`, the vault changes it on its target during the call, which
   * can take a minute. With `queue`, the vault may change it later, and the call only accepts. Success is not proof:
   * {@link state} shows what happened. Raises `PermissionMissing`, and `RequestRejected` if the change failed; the
   * vault may still repeat a failed one on its own. Not repeatable: each call can be another change. The error of a
   * call that may have had an effect has `mayHaveHappened`.
   */
  change(item: Rotated, how: { readonly queue: boolean }): Promise<void>;
  /** Reads the state of one credential in one call. Repeatable. */
  state(item: Rotated): Promise<CredentialState>;
  /**
   * Reads the states of many credentials, in the order of the items, in as few calls as the lists of the vault allow.
   * `pages`: pages of the vault's list when it was last read. An item that fails alone has an error instead. `changing`
   * is `unknown` if the list may lack the item. Repeatable.
   */
  states(
    items: readonly Rotated[],
    pages?: number,
  ): Promise<readonly (readonly [ItemRef, CredentialState | RelayError])[]>;
  /**
   * Logs on to the target with the credential that the vault holds. Each failed log-on counts towards a lockout of the
   * account, so the client never repeats the call, and neither should its caller. An unclear answer is an error, never
   * `failed`. Absent if the vault has no such test.
   */
  test?(item: Rotated): Promise<'passed' | 'failed'>;
  /** Finds the accounts behind an item that is a name for several, in one call. Absent if no item is. Repeatable. */
  pair?(item: Rotated): Promise<Pair>;
}
