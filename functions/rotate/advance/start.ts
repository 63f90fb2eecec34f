import pMap from 'p-map';
import type { Inspection } from '#shared/connections/rotation.ts';
import { itemKey } from '#shared/domain/item.ts';
import type { HeldItems } from '#shared/domain/rotation/holds.ts';
import { type Ended, type Start, withEnded, withStarted } from '#shared/domain/rotation/state.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { type RotationProgress, turnOf } from '#shared/records/rotation-record.ts';
import { holdUntil, type RunHolds } from '#shared/rotation/holds.ts';
import type { FindOpenCheckouts } from '#shared/rotation/open-checkouts.ts';
import { evidenceOf, type LookContext } from './look.ts';

export interface StartContext extends LookContext {
  /** True if the vault may queue the change. */
  readonly queue: boolean;
  readonly holds: Pick<RunHolds, 'claim'>;
  readonly held: HeldItems;
  /** Absent if items with an open checkout may change. */
  readonly findCheckouts: FindOpenCheckouts | undefined;
}

type Inspected = readonly [id: string, found: Inspection | RelayError];

/** The started item together with which the vault changes this one; undefined if there is none. */
const leaderOf = (id: string, found: Inspection | RelayError, { sets }: RotationProgress): string | undefined => {
  if (found instanceof Error || found.set === undefined || !Object.hasOwn(sets, found.set)) return undefined;
  return sets[found.set] === id ? undefined : sets[found.set];
};

/** Reason not to start an inspected item; undefined if it can be started. */
const obstacleTo = (
  found: Inspection | RelayError,
  leader: string | undefined,
  { state }: RotationProgress,
): Ended | undefined => {
  if (found instanceof Error) return { status: 'failed', reason: found.message };
  if (found.refusal !== undefined) return { status: 'failed', reason: found.refusal.message };
  if (leader !== undefined) {
    const title = state.items.find((item) => item.id === leader)?.title ?? leader;
    return { status: 'skipped', reason: `It changes together with ${title}.` };
  }
  // The change of someone else would look like ours, and ours would make it invalid.
  return found.state.changing === true
    ? { status: 'skipped', reason: 'The vault was already changing the credential. The next sync delivers it.' }
    : undefined;
};

/**
 * Claims the items to start and all that changes with them, and returns the reasons not to start some of them. The look
 * at the open checkouts comes after the claim, and a checkout looks for claims after it is open: at least one of them
 * sees the other.
 */
const claimStarts = async (
  { ledger, items, holds, held, findCheckouts, settings, now }: StartContext,
  starts: readonly Start[],
): Promise<ReadonlyMap<string, Ended>> => {
  if (starts.length === 0) return new Map();
  const until = holdUntil(now(), settings);
  const keys = new Map(starts.map(({ id }) => [id, [id, ...held.changedWith(id)]]));
  const claims = starts.flatMap(({ id, before: { changedAt } }) => {
    const account = turnOf(ledger.progress, id)?.account;
    return (keys.get(id) ?? []).map((key) => {
      const named = account !== undefined && itemKey(account.ref) === key ? account : items[key];
      const title = named?.title ?? id;
      return key === id
        ? { key, title, labels: held.labelsOf(key), changedAt, until }
        : { key, title, labels: held.labelsOf(key), with: id, until };
    });
  });
  const taken = await holds.claim(claims);
  const open = (await findCheckouts?.([...keys.values()].flat())) ?? new Map<string, string>();
  return new Map(
    [...keys].flatMap(([id, changed]): [string, Ended][] => {
      const [rule] = changed.flatMap((key) => taken.get(key) ?? []);
      const [checkout] = changed.flatMap((key) => open.get(key) ?? []);
      const skipped = (reason: string): [string, Ended][] => [[id, { status: 'skipped', reason }]];
      if (rule !== undefined) return skipped(`The rotation ${rule} was already changing it.`);
      if (checkout === undefined) return [];
      return skipped(`The checkout ${checkout} has it open. Rotate it after its end.`);
    }),
  );
};

/**
 * Records which of the inspected items start, and what keeps the others from it. Their holds come first: a sync that
 * sees a change has to find its hold.
 */
const recordStarts = async (context: StartContext, inspected: readonly Inspected[]): Promise<readonly string[]> => {
  const { ledger, settings, now } = context;
  const ready: Start[] = [];
  let progress = ledger.progress;
  for (const [id, found] of inspected) {
    const leader = leaderOf(id, found, progress);
    const ended = obstacleTo(found, leader, progress);
    if (leader !== undefined) progress = { ...progress, followers: { ...progress.followers, [id]: leader } };
    if (ended !== undefined || found instanceof Error) {
      if (ended !== undefined) {
        progress = { ...progress, state: withEnded(progress.state, settings, { id, ended, now: now() }) };
      }
      continue;
    }
    ready.push({ id, before: evidenceOf(found.state) });
    if (found.set !== undefined) progress = { ...progress, sets: { ...progress.sets, [found.set]: id } };
  }
  const obstacles = await claimStarts(context, ready);
  const left = [...obstacles].reduce(
    (state, [id, ended]) => withEnded(state, settings, { id, ended, now: now() }),
    progress.state,
  );
  const starts = ready.filter(({ id }) => !obstacles.has(id));
  const { state, started } = withStarted(left, starts, now());
  await ledger.write({ ...progress, state });
  return started;
};

/** Failed looks after which an item is given up: more than the attempts at one step. */
const MAX_INSPECTIONS = 6;

/**
 * Inspects items before their change. If all of them fail, the vault may be out of reach: raises the error, so that the
 * step is repeated, until one of them has failed {@link MAX_INSPECTIONS} times. Nothing has begun.
 */
const inspectAll = async (
  { ledger, items, rotation }: StartContext,
  ids: readonly string[],
): Promise<readonly Inspected[]> => {
  const inspected = await pMap(ids, async (id): Promise<Inspected> => {
    const item = items[id];
    if (item === undefined) return [id, asRelayError(undefined, `Finding ${id}`)];
    return [id, await rotation.inspect(item).catch((thrown) => asRelayError(thrown, `Inspecting ${item.title}`))];
  });
  const passing = inspected.flatMap(([id, found]) =>
    found instanceof Error && found.retryable ? [{ id, found }] : [],
  );
  const [first] = passing;
  if (first === undefined || passing.length < inspected.length) return inspected;
  const { inspections = {} } = ledger.progress;
  const counts = Object.fromEntries(passing.map(({ id }) => [id, (inspections[id] ?? 0) + 1]));
  await ledger.write({ ...ledger.progress, inspections: { ...inspections, ...counts } });
  if (Object.values(counts).every((count) => count < MAX_INSPECTIONS)) throw first.found;
  return inspected.filter(([id]) => (counts[id] ?? 0) >= MAX_INSPECTIONS);
};

/**
 * Inspects items, records those that start, and only then asks the vault to change them. An item that was recorded and
 * never changed, because of a crash, ends as unknown: it is never started again.
 */
export const startItems = async (context: StartContext, ids: readonly string[]): Promise<void> => {
  const { ledger, items, rotation, queue } = context;
  const started = await recordStarts(context, await inspectAll(context, ids));
  const refused = await pMap(started, async (id): Promise<readonly (readonly [string, string])[]> => {
    const item = items[id];
    if (item === undefined) return [];
    try {
      await rotation.change(item, { queue });
      return [];
    } catch (thrown) {
      const error = asRelayError(thrown, `Changing ${item.title}`);
      // After an unclear answer, the state of the credential decides.
      return error.mayHaveHappened ? [] : [[id, error.message]];
    }
  });
  const refusals = refused.flat();
  if (refusals.length > 0) {
    const { progress } = ledger;
    await ledger.write({ ...progress, refusals: { ...progress.refusals, ...Object.fromEntries(refusals) } });
  }
};
