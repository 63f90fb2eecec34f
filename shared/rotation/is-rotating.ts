import type { RelayConfig } from '#shared/config/schema.ts';
import type { Item } from '#shared/domain/item.ts';
import { holdOn } from '#shared/domain/rotation/holds.ts';
import type { Records } from '#shared/records/records.ts';
import { canRotate, holdsAt } from '#shared/records/rotation-holds.ts';

/** True if a rotation is changing the credential of one of the items. Repeatable. */
export type IsRotating = (connection: string, items: readonly Pick<Item, 'ref' | 'active'>[]) => Promise<boolean>;

export interface IsRotatingOptions {
  readonly config: Pick<RelayConfig, 'connections' | 'rotations'>;
  readonly records: Pick<Records, 'read'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Creates the look at the holds of rotations. A failed test is none: a checkout may read what the vault holds. */
export const createIsRotating =
  ({ config, records, now }: IsRotatingOptions): IsRotating =>
  async (connection, items) => {
    if (!canRotate(config, connection)) return false;
    const holds = await records.read(holdsAt(config, connection));
    const isChanging = (item: Pick<Item, 'ref'>): boolean =>
      holds !== undefined && holdOn(holds, item, now())?.kind === 'changing';
    // The vault can switch an alias to the account that changes.
    return items.some(({ ref, active = ref }) => isChanging({ ref }) || isChanging({ ref: active }));
  };
