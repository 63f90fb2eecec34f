import pMap from 'p-map';
import type { CredentialState, Rotated, Rotation } from '#shared/connections/rotation.ts';
import { parseInstant } from '#shared/domain/instant.ts';
import { itemKey } from '#shared/domain/item.ts';
import type { Ended } from '#shared/domain/rotation/state.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type RotationItems, type RotationProgress, type Turn, turnOf } from '#shared/records/rotation-record.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';

/** Turns of aliases: an account at which the alias does not point changes, and the vault switches the alias to it. */

const failed = (reason: string): Ended => ({ status: 'failed', reason });

/** Time of the last change, to find the oldest one. An account that never changed is older than all others. */
const ageOf = (state: CredentialState | RelayError): number => {
  if (state instanceof Error || state.mark !== undefined) return Number.POSITIVE_INFINITY;
  const { changedAt } = state;
  return changedAt === undefined
    ? Number.NEGATIVE_INFINITY
    : (parseInstant(changedAt, undefined) ?? Number.POSITIVE_INFINITY);
};

const oldestOf = async (rotation: Rotation, standby: readonly Rotated[]): Promise<Rotated | undefined> => {
  if (standby.length < 2) return standby[0];
  const states = await rotation.states(standby);
  const ages = states.map(([, state]) => ageOf(state));
  return standby[ages.indexOf(Math.min(...ages))];
};

/** True if the vault changes both accounts together. */
const isSet = async (rotation: Rotation, accounts: readonly Rotated[]): Promise<boolean> => {
  const [one, other] = await Promise.all(accounts.map((account) => rotation.inspect(account)));
  return one?.set !== undefined && one.set === other?.set;
};

/** Turn of an alias; undefined if the source has no aliases. `others`: accounts that take turns for other items. */
export const turnOfAlias = async (
  rotation: Rotation,
  item: Rotated,
  others: RotationItems['inTurns'] = {},
): Promise<Turn | Ended | undefined> => {
  if (rotation.pair === undefined) return undefined;
  try {
    const { active, standby } = await rotation.pair(item);
    const own = standby.filter(({ ref }) => !Object.hasOwn(others, itemKey(ref)));
    const account = await oldestOf(rotation, own);
    if (active === undefined || account === undefined) {
      const [shared] = standby;
      return failed(
        shared === undefined
          ? 'It has no other account that could change. Map a second account to it in the vault.'
          : `Its other account takes turns in ${others[itemKey(shared.ref)] ?? 'another item'}. Map an account of its own to it in the vault.`,
      );
    }
    if (await isSet(rotation, [active, account])) {
      return failed('The vault changes its accounts together. End their synchronization in the vault.');
    }
    const { ref, title, handle } = account;
    return { account: { ref, title, handle }, active: itemKey(active.ref), switched: false };
  } catch (thrown) {
    const error = asRelayError(thrown, `Reading the accounts of ${item.title}`);
    // Nothing has begun, so the step is repeated.
    if (error.retryable) throw error;
    return failed(error.message);
  }
};

/** True if only the vault can make the changed account the one that readers get, and has not. */
export const awaitsSwitch = (turn: Turn | undefined): boolean =>
  turn !== undefined && turn.switches === undefined && !turn.switched;

/** An untested account is not looked for: it is no use to readers yet. */
const isTested = ({ tests }: RotationProgress, id: string, { test }: Rotation): boolean =>
  test === undefined || (Object.hasOwn(tests, id) && tests[id]?.result === 'passed');

const hasSwitched = async ({ pair }: Rotation, item: Rotated, { account }: Turn): Promise<boolean> => {
  try {
    const active = (await pair?.(item))?.active;
    return active !== undefined && itemKey(active.ref) === itemKey(account.ref);
  } catch {
    // Unknown is no switch. The next look reads it again.
    return false;
  }
};

/** Records to which of the changed accounts the vault has switched an alias. Repeatable. */
export const noteSwitches = async (
  { ledger, items, rotation }: { ledger: Ledger; items: RotationItems['items']; rotation: Rotation },
  ids: readonly string[],
): Promise<void> => {
  const { progress } = ledger;
  const switched = await pMap(ids, async (id): Promise<[string, Turn][]> => {
    const [item, turn] = [items[id], turnOf(progress, id)];
    if (item === undefined || turn === undefined || !awaitsSwitch(turn) || !isTested(progress, id, rotation)) return [];
    return (await hasSwitched(rotation, item, turn)) ? [[id, { ...turn, switched: true }]] : [];
  });
  if (switched.flat().length === 0) return;
  await ledger.write({ ...progress, turns: { ...progress.turns, ...Object.fromEntries(switched.flat()) } });
};
