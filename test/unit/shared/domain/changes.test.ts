import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedAtOf,
  createChanges,
  type KnownChanges,
  knownChangesSchema,
  shownSince,
} from '#shared/domain/changes.ts';
import { itemKey } from '#shared/domain/item.ts';
import { anItem, itemNumbered } from '#test/support/items.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 1);
/** Time for which the vault shows events, and for which it looks back before the last list. */
const SHOWN_MS = 89 * DAY_MS;
const OVERLAP_MS = HOUR_MS;
const dateOf = (at: number): string => new Date(at).toISOString();
const undated = anItem({ changedAt: undefined });

/** Answer of a vault with these events at a time, to a caller that knows everything before `since`. */
const shownAt = (events: readonly number[], now: number, since: string | undefined) => {
  const from = Math.max(now - SHOWN_MS, since === undefined ? 0 : Date.parse(since) - OVERLAP_MS);
  const last = events.filter((at) => at >= from && at <= now).at(-1);
  return { changedAt: last === undefined ? undefined : dateOf(last), changesSince: dateOf(from) };
};

interface Run {
  readonly afterHours: number;
  /** Hours before the run at which the credential changed; undefined if it did not. */
  readonly changedHoursAgo: number | undefined;
  readonly event: 'none' | 'memory-lost' | 'not-permitted' | 'not-listed';
}

/** Plays runs, and returns the date of the item in each; null if it was not listed. */
const play = (runs: readonly Run[]) => {
  const events: number[] = [];
  let now = START;
  let known: KnownChanges | undefined;
  return runs.map(({ afterHours, changedHoursAgo, event }) => {
    const [before, since] = [now, event === 'memory-lost' ? undefined : known?.listedAt];
    now += afterHours * HOUR_MS;
    const changed = changedHoursAgo !== undefined && changedHoursAgo < afterHours;
    if (changed) events.push(now - changedHoursAgo * HOUR_MS);
    if (event === 'memory-lost') known = undefined;
    const shown = shownAt(events, now, since);
    const isPermitted = event !== 'not-permitted';
    const item = { ...undated, changedAt: isPermitted ? shown.changedAt : undefined };
    const changes = createChanges(known, dateOf(now));
    const listed = event === 'not-listed' ? [itemNumbered(99)] : [item];
    const page = changes.date({ items: listed, changesSince: isPermitted ? shown.changesSince : undefined });
    known = changes.known() ?? known;
    return {
      ...{ changed, isPermitted, gapMs: now - before, isLost: event === 'memory-lost' },
      date: event === 'not-listed' ? null : page.items[0]?.changedAt,
    };
  });
};

const anyRun = (hours: number, ...events: readonly Run['event'][]): fc.Arbitrary<Run> =>
  fc.record({
    afterHours: fc.integer({ min: 2, max: hours }),
    changedHoursAgo: fc.option(fc.nat({ max: 48 }), { nil: undefined }),
    event: fc.constantFrom<Run['event']>('none', 'none', ...events),
  });

describe('the date of a change in a vault that forgets its events', () => {
  it('changes when the credential changes, and never because an event is forgotten', () => {
    fc.assert(
      fc.property(fc.array(anyRun(60 * 24), { minLength: 2, maxLength: 12 }), (runs) => {
        const played = play(runs);
        for (const [index, { changed, date }] of played.entries()) {
          if (index > 0) expect(date !== played[index - 1]?.date).toBe(changed);
        }
      }),
    );
  });

  it('misses no change, also after a time without lists, without permission or without the item', () => {
    const anyRuns = fc.array(anyRun(200 * 24, 'not-permitted', 'not-listed'), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(anyRuns, (runs) => {
        let last: string | null | undefined = null;
        let changedSince = false;
        for (const { changed, isPermitted, date } of play(runs)) {
          changedSince ||= changed;
          if (date === null || !isPermitted) continue;
          if (changedSince && last !== null) expect(date).not.toBe(last);
          [last, changedSince] = [date, false];
        }
      }),
    );
  });

  it('misses no change that the vault still shows after the memory was lost', () => {
    fc.assert(
      fc.property(fc.array(anyRun(80 * 24, 'memory-lost'), { minLength: 2, maxLength: 12 }), (runs) => {
        const played = play(runs);
        for (const [index, { changed, date }] of played.entries()) {
          if (index > 0 && changed) expect(date).not.toBe(played[index - 1]?.date);
        }
      }),
    );
  });

  it('does not change while the vault does not show changes', () => {
    const known = { listedAt: dateOf(START), items: { [itemKey(undated.ref)]: dateOf(START - DAY_MS) } };
    expect(changedAtOf(undated, undefined, known)).toBe(dateOf(START - DAY_MS));
    expect(changedAtOf(itemNumbered(7, { changedAt: undefined }), undefined, known)).toBeUndefined();
  });

  it('counts a time that no list covers as one change, which is remembered', () => {
    const known = { listedAt: dateOf(START), items: { [itemKey(undated.ref)]: null } };
    const begin = dateOf(START + DAY_MS);
    const first = createChanges(known, dateOf(START + 90 * DAY_MS));
    expect(first.date({ items: [undated], changesSince: begin }).items[0]?.changedAt).toBe(begin);
    const next = createChanges(first.known(), dateOf(START + 91 * DAY_MS));
    const page = next.date({ items: [undated], changesSince: dateOf(START + 90 * DAY_MS - HOUR_MS) });
    expect(page.items[0]?.changedAt).toBe(begin);
  });
});

describe('a list of changes', () => {
  it('of a vault that shows all changes is left as it is, and nothing is remembered', () => {
    const changes = createChanges(undefined, dateOf(START));
    const page = { items: [anItem(), undated], complete: true };
    expect(changes.date(page)).toBe(page);
    expect(changes.known()).toBeUndefined();
  });

  it('remembers nothing unless all of its pages show changes', () => {
    const changes = createChanges(undefined, dateOf(START));
    changes.date({ items: [undated], changesSince: dateOf(START) });
    expect(changes.known()).toEqual({ listedAt: dateOf(START), items: { [itemKey(undated.ref)]: null } });
    changes.date({ items: [] });
    expect(changes.known()).toBeDefined();
    changes.date({ items: [itemNumbered(7)] });
    expect(changes.known()).toBeUndefined();
  });

  it('shows changes since the latest of its times, and not at all if a page with items shows none', () => {
    const [one, other] = [dateOf(START), dateOf(START + 1)];
    const page = (changesSince: string | undefined, items = [undated]) => ({ items, changesSince });
    expect(shownSince([page(one), page(other), page(undefined, [])])).toBe(other);
    expect(shownSince([page(one), page(undefined)])).toBeUndefined();
    expect(shownSince([])).toBeUndefined();
  });

  it('of 60,000 accounts is remembered in less than 4 MB, 67 bytes each', () => {
    const changes = createChanges(undefined, dateOf(START));
    const items = Array.from({ length: 600 }, (_, index) =>
      anItem({ ref: { kind: 'vault-account', id: String(2_000_000_000 + index) }, changedAt: dateOf(START + index) }),
    );
    changes.date({ items, changesSince: dateOf(START) });
    const text = JSON.stringify(changes.known());
    expect(text.length).toBeLessThan(600 * 67);
    expect(knownChangesSchema.parse(JSON.parse(text))).toEqual(changes.known());
  });
});
