import * as z from 'zod';
import type { ActiveAccounts } from '#shared/domain/turns.ts';
import { RelayError } from '#shared/errors.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

/**
 * Records of items whose accounts take turns, in the records bucket. None of them contains a credential.
 *
 *     pairs/<connection>/active.json          active account of each pair     (sync plan, rotation)
 *     pairs/<connection>/syncs/<sync>.json    accounts that a sync delivers   (sync plan, sync report)
 */

const accountsSchema = z.record(z.string(), z.string());

const activeSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  /** By the keys of items: the key of the active account. */
  accounts: accountsSchema,
  /** By the keys of items: the number of switches to another account. */
  switches: z.record(z.string(), z.int()),
});
type Active = z.infer<typeof activeSchema>;

const NONE_ACTIVE: Active = { writes: 0, accounts: {}, switches: {} };

const syncTurnsSchema = z.object({
  writes: z.int().min(0),
  /** By the names of runs that may still deliver: the time at which they began, epoch milliseconds. */
  open: z.record(z.string(), z.int()),
  /** By the keys of items: the key of the account whose credential all targets of the sync held last. */
  delivered: accountsSchema,
});
export type SyncTurns = z.infer<typeof syncTurnsSchema>;

const activeAt = (connection: string): RecordPlace<Active> => ({
  key: `pairs/${connection}/active.json`,
  schema: activeSchema,
});

const syncAt = (connection: string, sync: string): RecordPlace<SyncTurns> => ({
  key: `pairs/${connection}/syncs/${sync}.json`,
  schema: syncTurnsSchema,
});

/** A run of a sync of a connection. */
export interface TurnsRun {
  readonly connection: string;
  readonly sync: string;
  readonly run: string;
}

/** Longer than any run of a sync lasts. A run without a report no longer counts after it. */
const MAX_OPEN_MS = 25 * 3_600_000;

export const isOpen = (beganAt: number, now: number): boolean => now - beganAt < MAX_OPEN_MS;

const NOTHING: SyncTurns = { writes: 0, open: {}, delivered: {} };

const changeSync = (
  records: SharedRecords,
  { connection, sync }: Pick<TurnsRun, 'connection' | 'sync'>,
  change: (turns: SyncTurns) => Omit<SyncTurns, 'writes'>,
): Promise<void> =>
  changeRecord(records, syncAt(connection, sync), (current = NOTHING) => ({
    next: { ...change(current), writes: current.writes + 1 },
    result: undefined,
  }));

/** Reads the active accounts of a connection; none if there is no record. Repeatable. */
export const readActive = async (records: SharedRecords, connection: string): Promise<ActiveAccounts> =>
  (await records.read(activeAt(connection)))?.record.accounts ?? {};

/** Reads the same without the version of the record, to look at it. Repeatable. */
export const readActiveFrom = async (records: Pick<Records, 'read'>, connection: string): Promise<ActiveAccounts> =>
  (await records.read(activeAt(connection)))?.accounts ?? {};

/** Reads the accounts that a sync delivers. Repeatable. */
export const readSyncTurns = async (records: SharedRecords, connection: string, sync: string): Promise<SyncTurns> =>
  (await records.read(syncAt(connection, sync)))?.record ?? NOTHING;

/**
 * Records that a run may deliver from now on, and only then reads the active accounts: a rotation that sees no such run
 * knows that each later one delivers what is active now. Repeatable.
 */
export const beginSyncTurns = async (
  records: SharedRecords,
  { run, ...sync }: TurnsRun,
  now: number,
): Promise<ActiveAccounts> => {
  await changeSync(records, sync, ({ open, delivered }) => ({
    open: {
      ...Object.fromEntries(Object.entries(open).filter(([, beganAt]) => isOpen(beganAt, now))),
      [run]: now,
    },
    delivered,
  }));
  return readActive(records, sync.connection);
};

/** Records that a run delivers nothing any more, and what all targets of its items hold. Repeatable. */
export const endSyncTurns = (
  records: SharedRecords,
  { run, ...sync }: TurnsRun,
  delivered: ActiveAccounts,
): Promise<void> =>
  changeSync(records, sync, (turns) => ({
    open: Object.fromEntries(Object.entries(turns.open).filter(([name]) => name !== run)),
    delivered: { ...turns.delivered, ...delivered },
  }));

/**
 * Records the active accounts that a plan has chosen. `known`: the accounts that it read before, of which one can
 * belong to the item no more. Raises `StoreUnavailable` if another run has recorded another account since: the step
 * then has to choose again. Repeatable.
 */
export const recordActive = async (
  records: SharedRecords,
  connection: string,
  accounts: ActiveAccounts,
  known: ActiveAccounts,
): Promise<void> => {
  if (Object.keys(accounts).length === 0) return;
  const isSame = await changeRecord(records, activeAt(connection), (current = NONE_ACTIVE) => {
    const changed = Object.entries(accounts).filter(([item, account]) => ownIn(current.accounts, item) !== account);
    if (changed.some(([item]) => ownIn(current.accounts, item) !== ownIn(known, item))) return { result: false };
    if (changed.length === 0) return { result: true };
    return {
      next: {
        ...current,
        writes: current.writes + 1,
        accounts: { ...current.accounts, ...Object.fromEntries(changed) },
      },
      result: true,
    };
  });
  if (isSame) return;
  throw new RelayError(
    'StoreUnavailable',
    `The record ${activeAt(connection).key} was changed by another function. The step is retried.`,
  );
};

const ownIn = (accounts: ActiveAccounts, item: string): string | undefined =>
  Object.hasOwn(accounts, item) ? accounts[item] : undefined;

/** Number of switches of an item to another account so far. Repeatable. */
export const readSwitches = async (records: SharedRecords, connection: string, item: string): Promise<number> => {
  const { switches } = (await records.read(activeAt(connection)))?.record ?? NONE_ACTIVE;
  return switchesOf(switches, item);
};

const switchesOf = (switches: Active['switches'], item: string): number =>
  Object.hasOwn(switches, item) ? (switches[item] ?? 0) : 0;

/** A switch of an item to another account. */
export interface Switch {
  readonly item: string;
  readonly account: string;
  /** Number of switches before this one. */
  readonly switches: number;
}

/**
 * Makes an account the active one of an item, unless the item has been switched since: a late repetition must not bring
 * back an account that another rotation is changing. Repeatable.
 */
export const switchActive = (
  records: SharedRecords,
  connection: string,
  { item, account, switches }: Switch,
): Promise<void> =>
  changeRecord(records, activeAt(connection), (current = NONE_ACTIVE) => ({
    next:
      switchesOf(current.switches, item) === switches
        ? {
            writes: current.writes + 1,
            accounts: { ...current.accounts, [item]: account },
            switches: { ...current.switches, [item]: switches + 1 },
          }
        : undefined,
    result: undefined,
  }));
