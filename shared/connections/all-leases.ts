import type { Rotated } from '#shared/connections/rotation.ts';
import type { Item, Labels } from '#shared/domain/item.ts';

/** The part of the port to a vault that shows the leases of all its users, and ends them. */

/** An open lease of any user. A later lease of the same item has another `since`. */
export interface OpenLease {
  readonly item: Pick<Item, 'ref' | 'title' | 'labels' | 'handle'>;
  /** Start, UTC ISO 8601; of the last one, if it was opened again while it was open. */
  readonly since: string;
  /** Start of the first one. Absent if it was opened once. */
  readonly firstSince?: string | undefined;
  /** Name of its user, if the vault shows it. */
  readonly holder?: string | undefined;
  /** Number of other users with an open lease of the item, which ends together with it. Absent if there are none. */
  readonly others?: number | undefined;
  /** True while a target session uses the credential. `unknown` if the vault does not prove that none does. */
  readonly inUse: boolean | 'unknown';
  /** Reason why the vault does not end it for others, and the fix. Absent if it may be asked. */
  readonly refusal?: string | undefined;
}

/** An item, or a number of them, about which the vault does not tell whether a lease is open. */
export interface UnknownLease {
  readonly title: string;
  /** Labels of the item. Absent if the vault's answer does not identify one; every rule then reports it. */
  readonly labels?: Labels | undefined;
  /** Cause and fix. */
  readonly reason: string;
}

/** Open leases of all users, and the items for which that is unknown. */
interface FoundLeases {
  readonly open: readonly OpenLease[];
  readonly unknown: readonly UnknownLease[];
}

/** The lease of one item now. */
export type CurrentLease =
  | { readonly state: 'open'; readonly lease: OpenLease }
  | { readonly state: 'none' }
  /** `reason`: cause and fix. */
  | { readonly state: 'unknown'; readonly reason: string };

/** Leases of all users of a vault, for vaults that show them. */
export interface AllLeases {
  /**
   * Finds the open leases of items of a source whose first one began before a time, UTC ISO 8601. Raises
   * `PermissionMissing` if the user may not see them. Repeatable.
   */
  openedBefore(time: string): Promise<FoundLeases>;
  /**
   * Looks at the lease of one item, as the vault shows it at the time of the call: never from an earlier answer. Raises
   * like {@link openedBefore}. Repeatable.
   */
  current(item: Rotated): Promise<CurrentLease>;
  /**
   * Ends the lease of an item, of any user. The vault does not ask that user. Raises `ChangeRefused` for an item that
   * does not allow it, and in some vaults for one without a lease. It also ends a later lease: look at {@link current}
   * directly before. Only another look after it proves the end.
   */
  end(item: Rotated): Promise<void>;
}
