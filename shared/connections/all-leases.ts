import type { Rotated } from '#shared/connections/rotation.ts';
import type { Item } from '#shared/domain/item.ts';

/** The part of the port to a vault that shows the leases of all its users, and ends them. */

/** An open lease of any user. */
interface OpenLease {
  readonly item: Pick<Item, 'ref' | 'title' | 'labels' | 'handle'>;
  /** Start, UTC ISO 8601. */
  readonly since: string;
  /** Name of its user, if the vault shows it. */
  readonly holder?: string | undefined;
  /** True while a target session uses the credential. `unknown` if the vault does not prove that none does. */
  readonly inUse: boolean | 'unknown';
}

/** An item about which the vault does not tell whether a lease is open. */
interface UnknownLease {
  readonly title: string;
  /** Cause and fix. */
  readonly reason: string;
}

/** Open leases of all users, and the items for which that is unknown. */
interface FoundLeases {
  readonly open: readonly OpenLease[];
  readonly unknown: readonly UnknownLease[];
}

/** Leases of all users of a vault, for vaults that show them. */
export interface AllLeases {
  /**
   * Finds the open leases of items of a source that began before a time, UTC ISO 8601. Raises `PermissionMissing` if
   * the user may not see them. Repeatable.
   */
  openedBefore(time: string): Promise<FoundLeases>;
  /**
   * Ends the lease of an item, of any user. The vault does not ask that user. Raises `ChangeRefused` for an item that
   * does not allow it. An item without a lease counts as ended. Repeatable, but it also ends a later lease.
   */
  end(item: Rotated): Promise<void>;
}
