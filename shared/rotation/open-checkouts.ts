import pMap from 'p-map';
import { windowStart } from '#shared/domain/checkout/window.ts';
import { itemKey } from '#shared/domain/item.ts';
import { type CheckoutRecord, checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import type { Run } from '#shared/workflows/run.ts';

export interface OpenCheckoutsOptions {
  readonly records: Pick<Records, 'read'>;
  readonly signals: Pick<Signals, 'list'>;
  /** True if a connection signs in to the vault whose credentials change. */
  readonly isSameVault: (connection: string) => boolean;
  /** Run of a checkout of which everything is closed, although its mark can still exist. */
  readonly closed?: string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Finds the open checkouts of items, and returns their names by the keys of the items. Repeatable. */
export type FindOpenCheckouts = (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>;

const MAX_CONCURRENCY = 16;

/**
 * Creates a search for the checkouts that may have opened an item and are not closed. A checkout whose record is not
 * written yet is not among them: it looks for holds after that. Neither is one whose window begins later.
 */
export const createFindOpenCheckouts = ({
  records,
  signals,
  isSameVault,
  closed,
  now,
}: OpenCheckoutsOptions): FindOpenCheckouts => {
  /** Records never change. */
  const known = new Map<string, CheckoutRecord>();
  const read = async (run: Run): Promise<CheckoutRecord | undefined> => {
    const place = checkoutAt.record(run);
    const record = known.get(place.key) ?? (await records.read(place));
    if (record !== undefined) known.set(place.key, record);
    return record;
  };
  return async (keys) => {
    const wanted = new Set(keys);
    const open = (await signals.list(checkoutAt.allOpen)).flatMap((key) => readOpenKey(key) ?? []);
    const others = open.filter(({ run }) => run !== closed);
    const found = await pMap(others, read, { concurrency: MAX_CONCURRENCY });
    return new Map(
      found.flatMap((record): [string, string][] => {
        if (record === undefined || !isSameVault(record.settings.connection)) return [];
        const { order, items } = record;
        if (windowStart(order.window, now()) > now()) return [];
        const held = items.map(({ item }) => itemKey(item.ref)).filter((key) => wanted.has(key));
        return held.map((key) => [key, `${order.checkout}.${order.id}`]);
      }),
    );
  };
};
