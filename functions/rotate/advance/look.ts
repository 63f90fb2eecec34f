import pMap from 'p-map';
import type { CredentialState, Rotation } from '#shared/connections/rotation.ts';
import { itemKey } from '#shared/domain/item.ts';
import { judge, type TestResult, type Verdict } from '#shared/domain/rotation/outcome.ts';
import { isOverdue } from '#shared/domain/rotation/progress.ts';
import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import { type ItemProgress, isRunning, withEnded } from '#shared/domain/rotation/state.ts';
import { type RotationItems, type RotationProgress, turnOf } from '#shared/records/rotation-record.ts';
import { holdUntil } from '#shared/rotation/holds.ts';
import type { Ledger } from '#shared/rotation/ledger.ts';
import { awaitsSwitch, noteSwitches } from './alias-turns.ts';

export interface LookContext {
  readonly ledger: Ledger;
  readonly items: RotationItems['items'];
  /** Pages of the vault's list of items. */
  readonly pages: number;
  readonly rotation: Rotation;
  readonly settings: RotationSettings;
  /** False if the invocation has no time left for another change or test. The next one goes on. */
  readonly hasTime: () => boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Dates of a state, as evidence. */
export const evidenceOf = ({ changedAt, mark }: Pick<CredentialState, 'changedAt' | 'mark'>) => ({
  ...(changedAt !== undefined && { changedAt }),
  ...(mark !== undefined && { hasUnreadableDate: true }),
});

/** States that the vault shows, by the ids of the items. An item without a readable state is missing. */
type Shown = ReadonlyMap<string, CredentialState>;

const readStates = async ({ items, pages, rotation }: LookContext, ids: readonly string[]): Promise<Shown> => {
  const wanted = ids.flatMap((id) => items[id] ?? []);
  const states = await rotation.states(wanted, pages);
  return new Map(states.flatMap(([ref, state]) => (state instanceof Error ? [] : [[itemKey(ref), state] as const])));
};

/** Result of the test of a change; undefined if that change was not tested. */
const testOf = ({ tests }: RotationProgress, id: string, { test }: Rotation): TestResult | undefined => {
  if (test === undefined) return { result: 'impossible' };
  const known = Object.hasOwn(tests, id) ? tests[id] : undefined;
  // A test without a result may have logged on, and must not again.
  return known && { result: known.result ?? 'inconclusive', changedAt: known.changedAt };
};

const judgeItem = (
  { rotation, settings, now }: LookContext,
  progress: RotationProgress,
  item: ItemProgress,
  shown: Shown,
): Verdict => {
  const state = shown.get(item.id);
  return judge({
    before: item.before ?? {},
    shown: state && { ...evidenceOf(state), changing: state.changing },
    isOverdue: isOverdue(item, settings, now()),
    refusal: Object.hasOwn(progress.refusals, item.id) ? progress.refusals[item.id] : undefined,
    test: testOf(progress, item.id, rotation),
    awaitsSwitch: awaitsSwitch(turnOf(progress, item.id)),
  });
};

const judgeAll = (context: LookContext, ids: readonly string[], shown: Shown): RotationProgress => {
  const { progress } = context.ledger;
  const wanted = new Set(ids);
  const state = progress.state.items
    .filter(({ id }) => wanted.has(id))
    .reduce((current, item) => {
      const ended = judgeItem(context, progress, item, shown);
      return ended.status === 'started'
        ? current
        : withEnded(current, context.settings, { id: item.id, ended, now: context.now() });
    }, progress.state);
  return state === progress.state ? progress : { ...progress, state };
};

const withTests = (
  progress: RotationProgress,
  tests: readonly (readonly [string, RotationProgress['tests'][string]])[],
): RotationProgress => ({ ...progress, tests: { ...progress.tests, ...Object.fromEntries(tests) } });

/** Tests each of these changes, each once: the start of a test is recorded before it. */
const testChanged = async (
  { ledger, items, rotation }: LookContext,
  changes: readonly { readonly id: string; readonly changedAt: string }[],
): Promise<void> => {
  if (changes.length === 0) return;
  await ledger.write(
    withTests(
      ledger.progress,
      changes.map(({ id, changedAt }) => [id, { changedAt }] as const),
    ),
  );
  const results = await pMap(changes, async ({ id, changedAt }) => {
    const item = items[id];
    if (item === undefined || rotation.test === undefined) return [id, { changedAt }] as const;
    // A failed call may have logged on. It is not repeated, so the outcome stays open until the deadline.
    const result = await rotation.test(item).catch(() => 'inconclusive' as const);
    return [id, { changedAt, result }] as const;
  });
  await ledger.write(withTests(ledger.progress, results));
};

/** Changes that were not tested yet, as many as may be tested at the same time. */
const changesToTest = ({ ledger: { progress }, settings }: LookContext) =>
  progress.state.items
    .flatMap(({ id, status, changedAt }) =>
      status === 'changed' && changedAt !== undefined && progress.tests[id]?.changedAt !== changedAt
        ? [{ id, changedAt }]
        : [],
    )
    .slice(0, Math.max(1, settings.concurrency));

/** True for an unknown item until the end of its hold. Later, another rotation can change and test it. */
const isWatched = ({ settings, now }: LookContext, { status, startedAt }: ItemProgress): boolean =>
  status === 'unknown' && startedAt !== undefined && now() < holdUntil(startedAt, settings);

/**
 * Looks at the items that were started and have not ended, and at those whose outcome is unknown. Tests each change
 * that the vault shows once, and then looks for the switch of its alias. Records what became of each item.
 */
export const look = async (context: LookContext): Promise<void> => {
  const { ledger } = context;
  const ids = ledger.progress.state.items
    .filter((item) => isRunning(item) || isWatched(context, item))
    .map(({ id }) => id);
  if (ids.length === 0) return;
  const shown = await readStates(context, ids);
  await noteSwitches(context, ids);
  await ledger.write(judgeAll(context, ids, shown));
  for (let untested = changesToTest(context); untested.length > 0; untested = changesToTest(context)) {
    // A test can take two minutes, and one that is cut off is not repeated.
    if (!context.hasTime()) return;
    const tested = untested.map(({ id }) => id);
    await testChanged(context, untested);
    await noteSwitches(context, tested);
    await ledger.write(judgeAll(context, tested, shown));
  }
};
