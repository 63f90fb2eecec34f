import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completed, firstCursor, narrowed, readableUntil, withReading } from '#shared/domain/export/cursor.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const PACE = {
  ...{ startFromMs: 30 * DAY_MS, lagMs: MINUTE_MS, overlapMs: 10 * MINUTE_MS },
  ...{ resweepMs: 7 * DAY_MS, resweepTimeMs: 180 * MINUTE_MS },
};

describe('the windows of an export', () => {
  it('cover everything from the beginning to the end, none is longer than the log allows, and they end', () => {
    fc.assert(
      fc.property(
        fc.record({
          startFromMs: fc.integer({ min: 0, max: 20 * DAY_MS }),
          overlapMs: fc.integer({ min: 0, max: DAY_MS }),
          maxWindowMs: fc.integer({ min: DAY_MS / 24, max: 400 * DAY_MS }),
          pauseMs: fc.integer({ min: 0, max: 9 * DAY_MS }),
        }),
        ({ startFromMs, overlapMs, maxWindowMs, pauseMs }) => {
          const pace = { ...PACE, startFromMs, overlapMs };
          let cursor = firstCursor(NOW, pace);
          for (const now of [NOW, NOW + pauseMs]) {
            const until = readableUntil(now, pace);
            const before = cursor;
            let end = before.position;
            for (let left = 1000; ; left--) {
              expect(left).toBeGreaterThan(0);
              cursor = withReading(cursor, { until, now, pace, maxWindowMs });
              if (cursor.reading === undefined) break;
              const { kind, from, to } = cursor.reading;
              expect(Date.parse(to) - Date.parse(from)).toBeLessThanOrEqual(maxWindowMs);
              expect(from >= cursor.since).toBe(true);
              if (kind === 'forward') {
                expect(from <= end).toBe(true);
                end = to;
              } else if (cursor.resweep !== undefined) {
                expect(from <= cursor.resweep.from).toBe(true);
              }
              cursor = completed(cursor);
            }
            expect(end >= until || end === before.position).toBe(true);
            expect(cursor.position).toBe(end);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are read again from the last re-sweep on, less its days, once a day', () => {
    const first = { ...firstCursor(NOW, PACE), position: readableUntil(NOW, PACE) };
    const at = (now: number) =>
      withReading(
        { ...first, position: readableUntil(now, PACE) },
        {
          ...{ until: readableUntil(now, PACE), now, pace: PACE, maxWindowMs: 366 * DAY_MS },
        },
      );
    expect(at(NOW + 14 * 60 * MINUTE_MS).reading).toBeUndefined();
    expect(at(NOW + 15 * 60 * MINUTE_MS).reading).toMatchObject({ kind: 'again', from: '2026-11-22T12:00:00.000Z' });
    expect(at(NOW + 5 * DAY_MS).resweep).toMatchObject({ from: '2026-11-22T12:00:00.000Z' });
  });

  it('continue where an invocation ended, and never further back than it got', () => {
    const cursor = withReading(firstCursor(NOW, PACE), {
      ...{ until: readableUntil(NOW, PACE), now: NOW, pace: PACE, maxWindowMs: 366 * DAY_MS },
    });
    const once = narrowed(cursor, '2026-10-30T20:00:00.1234567Z');
    expect(narrowed(once, '2026-10-30T20:00:00.1234568Z').reading?.rest).toBe('2026-10-30T20:00:00.1234567Z');
    expect(completed(once).position).toBe('2026-10-31T12:00:00.000Z');
  });
});

describe('a date', () => {
  it.each([
    ['2026-11-29T07:08:09Z', '2026-11-29T07:08:09.000000000'],
    ['2026-11-29T07:08:09.5Z', '2026-11-29T07:08:09.500000000'],
    ['0001-01-01T00:00:00.0000001Z', '0001-01-01T00:00:00.000000100'],
  ])('%s has a form that sorts', (date, sortable) => {
    expect(sortableDate(date)).toBe(sortable);
  });

  it.each(['2026-11-29T07:08:09', '2026-13-29T07:08:09Z', '2026-11-29T07:08:09+01:00', ''])(
    '"%s" is refused',
    (date) => {
      expect(() => sortableDate(date)).toThrow(expect.objectContaining({ name: 'AnswerMalformed' }));
    },
  );
});
