import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  claimItems,
  failedTestOf,
  type HeldItems,
  type Holds,
  holdOn,
  noHolds,
  type RotationRun,
  settleHolds,
  unnotified,
  withNotified,
  withReleased,
} from '#shared/domain/rotation/holds.ts';
import type { ItemProgress, RotationState } from '#shared/domain/rotation/state.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;
const ONE: RotationRun = { rule: 'weekly', run: 'weekly.1' };
const OTHER: RotationRun = { rule: 'nightly', run: 'nightly.1' };
const KEY = 'account:1';
const LABELS = { accountName: 'one' };
const ITEMS: HeldItems = { labelsOf: () => LABELS, changedWith: () => [] };
/** Settles with the labels of the item. */
const settle = (holds: Holds, run: RotationRun, state: RotationState, now: number): Holds =>
  settleHolds(holds, run, state, ITEMS, now);
const at = (hours: number): string => new Date(NOON + hours * HOUR).toISOString();
const anAccount = (changedAt?: string) => ({ ref: { kind: 'account', id: '1' }, changedAt });
const progressOf = (
  status: ItemProgress['status'],
  changedAt?: string,
  stop?: RotationState['stop'],
): RotationState => ({
  items: [{ id: KEY, title: 'db/1', wave: 0, after: [], status, ...(changedAt !== undefined && { changedAt }) }],
  ...(stop && { stop }),
});
const claimed = (holds: Holds = noHolds(), run = ONE, changedAt: string | undefined = undefined, now = NOON) =>
  claimItems(holds, run, [{ key: KEY, title: 'db/1', labels: LABELS, changedAt, until: now + HOUR }], now);
const failedAt = (hours: number, run = ONE): Holds =>
  settle(claimed().holds, run, progressOf('testFailed', at(hours)), NOON);

describe('the hold on a credential that changes with an item', () => {
  const WITH = 'account:2';
  const other = (changedAt?: string) => ({ ref: { kind: 'account', id: '2' }, changedAt });
  const set: HeldItems = { labelsOf: (key) => ({ accountName: key }), changedWith: (id) => (id === KEY ? [WITH] : []) };
  const follower = (status: ItemProgress['status']): ItemProgress => ({
    ...{ id: WITH, title: 'db/2', wave: 0, after: [], status },
  });
  const both = (items: RotationState['items'], holds = noHolds()): Holds => {
    const claim = { title: 'db', labels: {}, until: NOON + HOUR };
    const claims = [
      { ...claim, key: KEY },
      { ...claim, key: WITH, with: KEY },
    ];
    return settleHolds(claimItems(holds, ONE, claims, NOON).holds, ONE, { items }, set, NOON);
  };

  it.each([
    ['started', 'changing'],
    ['rotated', undefined],
    ['skipped', undefined],
    ['failed', undefined],
    ['testFailed', 'testFailed'],
  ] as const)('is that of an item that is %s: %s', (status, kind) => {
    for (const items of [
      progressOf(status, at(0)).items,
      [...progressOf(status, at(0)).items, follower('waiting')],
      [...progressOf(status, at(0)).items, follower('skipped')],
    ]) {
      expect(holdOn(both(items), other(at(0)), NOON)?.kind).toBe(kind);
    }
  });

  it('begins with a failed test after the end of the claim, and lasts beyond a date a little later', () => {
    const holds = settleHolds(noHolds(), ONE, progressOf('testFailed', at(0)), set, NOON);
    expect(holdOn(holds, other(at(0.05)), NOON)?.kind).toBe('testFailed');
    expect(holdOn(holds, other(at(1)), NOON)).toBeUndefined();
    expect(unnotified(holds, 'weekly').map(({ key }) => key)).toEqual([KEY]);
  });

  it('ends with the release of the item, or with its own passed test', () => {
    const failed = both(progressOf('testFailed', at(0)).items);
    const released = withReleased(failed, ({ accountName }) => accountName === KEY, NOON);
    expect(holdOn(released, other(at(0)), NOON)?.kind).toBe('testFailed');
    const labelled = settleHolds(noHolds(), ONE, progressOf('testFailed', at(0)), set, NOON);
    expect(
      holdOn(
        withReleased(labelled, ({ accountName }) => accountName === KEY, NOON),
        other(at(0)),
        NOON,
      ),
    ).toBeUndefined();
    const passed = { ...follower('rotated'), changedAt: at(0) };
    const retested = [...progressOf('testFailed', at(0)).items, passed];
    const settled = settleHolds(failed, OTHER, { items: retested }, { ...set, changedWith: () => [] }, NOON);
    expect(holdOn(settled, other(at(0)), NOON)).toBeUndefined();
    expect(holdOn(settled, anAccount(at(0)), NOON)?.kind).toBe('testFailed');
  });
});

describe('the hold on an item', () => {
  it('lasts from the claim of a rotation until its end', () => {
    const { holds } = claimed();
    expect(holdOn(holds, anAccount(at(-5)), NOON + HOUR - 1)).toEqual({ kind: 'changing', rule: 'weekly' });
    expect(holdOn(holds, anAccount(at(-5)), NOON + HOUR)).toBeUndefined();
    expect(holdOn(holds, { ref: { kind: 'alias', id: '1' } }, NOON)).toBeUndefined();
  });

  it.each([
    ['rotated', false],
    ['failed', false],
    ['skipped', false],
    ['waiting', true],
    ['started', true],
    ['changed', true],
    // The change may still come.
    ['unknown', true],
  ] as const)('of an item that is %s lasts: %s', (status, lasts) => {
    const holds = settle(claimed().holds, ONE, progressOf(status, at(0)), NOON);
    expect(holdOn(holds, anAccount(at(0)), NOON)?.kind).toBe(lasts ? 'changing' : undefined);
  });

  it('ends with a stop before the start of the item', () => {
    const state = progressOf('waiting', undefined, { reason: 'message', at: NOON });
    expect(settle(claimed().holds, ONE, state, NOON).entries).toEqual({});
  });

  it.each([
    ['the failed change', at(0), true],
    ['a list from before it', at(-1), true],
    ['no date', undefined, true],
    ['a date that is no date', 'soon', true],
    ['a later change', at(0.001), false],
  ])('after a failed test holds %s: %s %s', (_what, changedAt, isHeld) => {
    const hold = holdOn(failedAt(0), anAccount(changedAt), NOON);
    expect(hold).toEqual(isHeld ? { kind: 'testFailed', rule: 'weekly', changedAt: at(0) } : undefined);
  });

  it('after a failed test outlasts a change that did not happen, and ends with one that did', () => {
    const { holds } = claimed(failedAt(0), OTHER, at(0));
    const unchanged = settle(holds, OTHER, progressOf('failed'), NOON);
    expect(holdOn(unchanged, anAccount(at(0)), NOON)?.kind).toBe('testFailed');
    expect(settle(holds, OTHER, progressOf('rotated', at(1)), NOON).entries).toEqual({});
    expect(claimed(failedAt(0), OTHER, at(1)).holds.entries[KEY]?.testFailed).toBeUndefined();
  });

  it('is never renewed by a late repetition', () => {
    const failed = failedAt(2);
    expect(settle(failed, ONE, progressOf('testFailed', at(2)), NOON)).toBe(failed);
    expect(settle(failed, OTHER, progressOf('testFailed', at(1)), NOON)).toBe(failed);
    expect(settle(failed, OTHER, progressOf('rotated', at(1)), NOON)).toBe(failed);
  });

  it('ends with a message about the item, for that change only', () => {
    const released = withReleased(failedAt(0), ({ accountName }) => accountName === 'one', NOON);
    expect(holdOn(released, anAccount(at(0)), NOON)).toBeUndefined();
    expect(failedTestOf(released, KEY, NOON)).toBeUndefined();
    expect(
      holdOn(settle(released, ONE, progressOf('testFailed', at(0)), NOON), anAccount(at(0)), NOON),
    ).toBeUndefined();
    const again = settle(released, ONE, progressOf('testFailed', at(1)), NOON);
    expect(holdOn(again, anAccount(at(1)), NOON)?.kind).toBe('testFailed');
    expect(withReleased(failedAt(0), () => false, NOON)).toEqual(failedAt(0));
  });

  it('can be tested again unless a rotation is changing the item', () => {
    expect(failedTestOf(failedAt(0), KEY, NOON)).toMatchObject({ rule: 'weekly', changedAt: at(0) });
    expect(failedTestOf(claimed(failedAt(0), OTHER, at(0)).holds, KEY, NOON)).toBeUndefined();
    expect(failedTestOf(failedAt(0), 'account:2', NOON)).toBeUndefined();
  });

  it('of a start that a later run of the rule continues ends with that run, but no later claim does', () => {
    const next = { rule: 'weekly', run: 'weekly.2' };
    const [item] = progressOf('rotated', at(1)).items;
    if (item === undefined) throw new Error('There is no item.');
    const startedAt = (time: number): RotationState => ({ items: [{ ...item, startedAt: time }] });
    expect(settle(claimed().holds, next, startedAt(NOON), NOON).entries).toEqual({});
    expect(settle(claimed().holds, next, startedAt(NOON - 1), NOON)).toEqual(claimed().holds);
    expect(settle(claimed().holds, OTHER, startedAt(NOON), NOON)).toEqual(claimed().holds);
  });

  it('is told to people once', () => {
    const failed = failedAt(0);
    const due = unnotified(failed, 'weekly');
    expect(due).toEqual([{ key: KEY, title: 'db/1', changedAt: at(0) }]);
    expect(unnotified(failed, 'nightly')).toEqual([]);
    const told = withNotified(failed, due, NOON);
    expect(unnotified(told, 'weekly')).toEqual([]);
    expect(unnotified(settle(told, ONE, progressOf('testFailed', at(0)), NOON), 'weekly')).toEqual([]);
    expect(unnotified(settle(told, ONE, progressOf('testFailed', at(1)), NOON), 'weekly')).toHaveLength(1);
  });
});

describe('two rotations', () => {
  it('never change an item at once, and neither ends the hold of the other', () => {
    const anyMove = fc.record({
      run: fc.constantFrom(ONE, OTHER),
      kind: fc.constantFrom('claim', 'settle', 'wait' as const),
      status: fc.constantFrom<ItemProgress['status'][]>('rotated', 'failed', 'skipped', 'testFailed', 'unknown'),
      minutes: fc.integer({ min: 1, max: 70 }),
    });
    fc.assert(
      fc.property(fc.array(anyMove, { maxLength: 30 }), (moves) => {
        let holds = noHolds();
        let now = NOON;
        /** Time until which each run may change the item. */
        const changing = new Map<string, number>();
        for (const { run, kind, status, minutes } of moves) {
          const rival = run === ONE ? OTHER : ONE;
          const isTaken = (changing.get(rival.run) ?? 0) > now;
          if (kind === 'wait') now += minutes * 60_000;
          if (kind === 'claim') {
            const result = claimed(holds, run, at(-1), now);
            expect([...result.taken.values()]).toEqual(isTaken ? [rival.rule] : []);
            if (!isTaken) changing.set(run.run, now + HOUR);
            holds = result.holds;
          }
          if (kind === 'settle') {
            holds = settle(holds, run, progressOf(status, at(0)), now);
            if (status !== 'unknown') changing.delete(run.run);
          }
          for (const [of, until] of changing) {
            if (until > now) expect(holds.entries[KEY]?.changing?.run).toBe(of);
          }
        }
      }),
    );
  });
});
