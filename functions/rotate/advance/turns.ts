import type { Rotated, Rotation } from '#shared/connections/rotation.ts';
import { itemKey } from '#shared/domain/item.ts';
import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import { type Ended, withEnded } from '#shared/domain/rotation/state.ts';
import { activeOf, memberOf } from '#shared/domain/turns.ts';
import { asRelayError } from '#shared/errors.ts';
import { type RotationItems, type Turn, turnOf } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { isOpen, readActive, readSwitches, readSyncTurns } from '#shared/records/turn-records.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';
import { turnOfAlias } from './alias-turns.ts';

/** Turns of items that stand for two accounts: the idle one changes, and readers get it once it has passed its test. */

export interface TurnsContext {
  readonly ledger: Ledger;
  readonly items: RotationItems['items'];
  /** Accounts that only the rotation of another item may change. */
  readonly others: RotationItems['inTurns'];
  readonly records: SharedRecords;
  readonly connection: string;
  readonly settings: RotationSettings;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type PlannedItem = RotationItems['items'][string];

const failed = (reason: string): Ended => ({ status: 'failed', reason });

/** Active account of a pair: the recorded one. Without a sync, readers get neither, and the first one counts. */
const activeMember = async ({ records, connection }: TurnsContext, item: PlannedItem) => {
  const recorded = activeOf(await readActive(records, connection), item);
  return recorded === undefined && item.syncs.length === 0 ? item.members?.[0] : memberOf(item, recorded);
};

const turnOfPair = async (context: TurnsContext, id: string, item: PlannedItem): Promise<Turn | Ended> => {
  const { records, connection } = context;
  // The switches come first: one that follows makes this turn switch nothing.
  const switches = await readSwitches(records, connection, id);
  const active = await activeMember(context, item);
  const idle = item.members?.find(({ ref }) => active !== undefined && itemKey(ref) !== itemKey(active.ref));
  if (active === undefined || idle === undefined) {
    return failed(`Its active account is not known. Run the sync ${item.syncs[0] ?? ''}, then rotate it again.`);
  }
  const { ref, title, handle } = idle;
  return { account: { ref, title, handle }, active: itemKey(active.ref), switches, switched: false };
};

/** Undefined for an item that stands for one account. */
const turnOfItem = async (
  context: TurnsContext,
  rotation: Rotation,
  id: string,
  item: PlannedItem,
): Promise<Turn | Ended | undefined> =>
  item.members === undefined ? turnOfAlias(rotation, item, context.others) : turnOfPair(context, id, item);

/** Reason not to change the idle account: a target can still hold its credential. */
const obstacleOf = async (
  { records, connection, now }: TurnsContext,
  id: string,
  { syncs }: PlannedItem,
  { active }: Turn,
): Promise<Ended | undefined> => {
  for (const sync of syncs) {
    const { open, delivered } = await readSyncTurns(records, connection, sync);
    if (Object.values(open).some((beganAt) => isOpen(beganAt, now()))) {
      return { status: 'skipped', reason: `The sync ${sync} is running. Rotate it after the end of that run.` };
    }
    if ((Object.hasOwn(delivered, id) ? delivered[id] : undefined) !== active) {
      return failed(
        `The sync ${sync} has not delivered its active account to all targets, so one can still hold the other account. Run the sync, then rotate it again.`,
      );
    }
  }
  return undefined;
};

/**
 * Chooses the accounts that change for the items to start, and records them. Ends the items whose other account readers
 * may not have yet. Returns the ids of the rest.
 */
export const takeTurns = async (
  context: TurnsContext,
  rotation: Rotation,
  ids: readonly string[],
): Promise<readonly string[]> => {
  const { ledger, items, settings, now } = context;
  let { progress } = ledger;
  const ready: string[] = [];
  for (const id of ids) {
    const item = items[id];
    const turn = item && (await turnOfItem(context, rotation, id, item));
    if (item === undefined || turn === undefined) {
      ready.push(id);
      continue;
    }
    const ended = 'status' in turn ? turn : await obstacleOf(context, id, item, turn);
    if (ended !== undefined) {
      progress = { ...progress, state: withEnded(progress.state, settings, { id, ended, now: now() }) };
    } else if (!('status' in turn)) {
      progress = { ...progress, turns: { ...progress.turns, [id]: turn } };
      ready.push(id);
    }
  }
  await ledger.write(progress);
  return ready;
};

/** The rotation, whose calls about an item in turns go to the account that changes. */
export const inTurns = (rotation: Rotation, ledger: Ledger): Rotation => {
  const { test } = rotation;
  const accountOf = (item: Rotated): Rotated => turnOf(ledger.progress, itemKey(item.ref))?.account ?? item;
  return {
    ...rotation,
    inspect: (item) => rotation.inspect(accountOf(item)),
    change: (item, how) => rotation.change(accountOf(item), how),
    state: (item) => rotation.state(accountOf(item)),
    async states(items, pages) {
      const states = await rotation.states(items.map(accountOf), pages);
      return items.map(({ ref, title }, index) => {
        const [, state] = states[index] ?? [];
        return [ref, state ?? asRelayError(undefined, `Reading the state of ${title}`)] as const;
      });
    },
    ...(test && { test: (item: Rotated) => test.call(rotation, accountOf(item)) }),
  };
};
