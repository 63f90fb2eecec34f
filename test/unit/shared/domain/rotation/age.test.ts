import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatedItem, reportAges } from '#shared/domain/rotation/age.ts';

const NOW = Date.parse('2026-03-31T00:00:00Z');
const DAY = 86_400_000;
const dated = (id: string, changedAt?: string, more: Partial<DatedItem> = {}): DatedItem => ({
  id,
  title: `db/${id}`,
  changedAt,
  ...more,
});
const aged = (id: string, days: number): DatedItem => dated(id, new Date(NOW - days * DAY).toISOString());

describe('the ages of credentials', () => {
  it('name the oldest, and those older than the maximum', () => {
    expect(reportAges([aged('a', 30), aged('b', 91), aged('c', 90), aged('d', 400)], 90, NOW)).toEqual({
      oldest: { id: 'd', title: 'db/d', ageDays: 400 },
      overdue: [
        { id: 'd', title: 'db/d', ageDays: 400 },
        { id: 'b', title: 'db/b', ageDays: 91 },
      ],
      undated: [],
    });
  });

  it.each([
    ['no date', dated('b'), 'missing'],
    ['no date, because the vault could not read it', dated('b', undefined, { hasUnreadableDate: true }), 'unreadable'],
    ['a date that is none', dated('b', '2026-02-31T00:00:00Z'), 'unreadable'],
    ['an empty date', dated('b', ''), 'unreadable'],
    ['a date in the future', aged('b', -1), 'future'],
  ] as const)('never take an item with %s as new', (_, item, date) => {
    expect(reportAges([aged('a', 1), item], 90, NOW)).toEqual({
      oldest: { id: 'a', title: 'db/a', ageDays: 1 },
      overdue: [],
      undated: [{ id: 'b', title: 'db/b', date }],
    });
    expect(reportAges([item], 90, NOW).oldest).toBeUndefined();
  });

  it('are at least the time for which the vault would have shown a change, which can be too old', () => {
    const unchangedSince = aged('', 89).changedAt;
    const old = reportAges([dated('a', undefined, { unchangedSince })], 60, NOW);
    expect(old).toMatchObject({ overdue: [{ id: 'a', ageDays: 89 }], undated: [] });
    const unknown = reportAges([dated('a', undefined, { unchangedSince })], 90, NOW);
    expect(unknown).toMatchObject({ overdue: [], undated: [{ id: 'a', date: 'missing' }] });
  });

  it('allow for a clock of the vault that is ahead', () => {
    const ahead = dated('a', new Date(NOW + 60_000).toISOString());
    expect(reportAges([ahead], 90, NOW)).toMatchObject({ oldest: { ageDays: 0 }, undated: [] });
  });

  it('count each item once', () => {
    const anyItem = fc.record({
      id: fc.string(),
      title: fc.constant('x'),
      changedAt: fc.oneof(
        fc.string(),
        fc.constant(undefined),
        fc.integer({ min: -9, max: 99 }).map((days) => aged('', days).changedAt),
      ),
      hasUnreadableDate: fc.option(fc.boolean(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyItem), (items) => {
        // With a maximum below zero, every item with an age is overdue.
        const { overdue, undated, oldest } = reportAges(items, -1, NOW);
        expect(overdue.length + undated.length).toBe(items.length);
        expect(oldest).toEqual(overdue[0]);
      }),
    );
  });
});
