import { itemKey } from '#shared/domain/item.ts';
import { type RotationProgress, type Turn, turnOf } from '#shared/records/rotation-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { switchActive } from '#shared/records/turn-records.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';

/** Turns that have passed their test, and that no record shows yet. */
const unfinished = ({ state, turns = {} }: RotationProgress): (readonly [id: string, turn: Turn])[] =>
  state.items.flatMap(({ id, status }) => {
    const turn = turnOf({ turns }, id);
    return status === 'rotated' && turn !== undefined && !turn.switched ? [[id, turn] as const] : [];
  });

/**
 * Makes the accounts that have passed their tests the active ones of their items. Comes before a sync is started for
 * them. Raises as {@link switchActive} and the ledger. Repeatable.
 */
export const endTurns = async (ledger: Ledger, records: SharedRecords, connection: string): Promise<void> => {
  const { progress } = ledger;
  const ended = unfinished(progress);
  if (ended.length === 0) return;
  for (const [item, { account, switches }] of ended) {
    // The vault switches an alias.
    if (switches === undefined) continue;
    await switchActive(records, connection, { item, account: itemKey(account.ref), switches });
  }
  const switched = ended.map(([id, turn]) => [id, { ...turn, switched: true }] as const);
  await ledger.write({ ...progress, turns: { ...progress.turns, ...Object.fromEntries(switched) } });
};
