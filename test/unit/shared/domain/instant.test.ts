import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseInstant } from '#shared/domain/instant.ts';

describe('the date of a ticket', () => {
  // A parser that reads the zone of the machine gives another result here.
  const zone = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Kathmandu';
  });
  afterAll(() => {
    process.env['TZ'] = zone;
  });

  it.each([
    ['2026-03-01T08:00:00Z', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T08:00:00.250Z', '2026-03-01T08:00:00.250Z'],
    ['2026-03-01T08:00Z', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01 08:00:00+01:00', '2026-03-01T07:00:00.000Z'],
    ['2026-02-18T15:20:11.662+0530', '2026-02-18T09:50:11.662Z'],
    ['2026-02-18T15:20:11-0800', '2026-02-18T23:20:11.000Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
  ])('%s is read by its offset', (text, instant) => {
    expect(new Date(parseInstant(text, undefined) ?? Number.NaN).toISOString()).toBe(instant);
    expect(parseInstant(text, 'America/New_York')).toBe(Date.parse(instant));
  });

  it.each([
    ['2026-03-01 08:00:00', 'UTC', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T08:00', 'UTC', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01 08:00:00', 'Europe/Vienna', '2026-03-01T07:00:00.000Z'],
    ['2026-07-01 08:00:00', 'Europe/Vienna', '2026-07-01T06:00:00.000Z'],
    ['2026-07-01 08:00:00', 'America/St_Johns', '2026-07-01T10:30:00.000Z'],
  ])('%s is read in the zone %s', (text, zone, instant) => {
    expect(new Date(parseInstant(text, zone) ?? Number.NaN).toISOString()).toBe(instant);
  });

  it.each([
    ['a date without an offset', '2026-03-01 08:00:00', undefined],
    ['a day that does not exist', '2026-02-31T08:00:00Z', undefined],
    ['the 29th of February in another year', '2026-02-29T08:00:00Z', undefined],
    ['an hour that does not exist', '2026-03-01T24:00:00Z', undefined],
    ['a leap second', '2016-12-31T23:59:60Z', undefined],
    ['an offset that does not exist', '2026-03-01T08:00:00+25:00', undefined],
    ['a time that the clocks skip', '2026-03-29 02:30:00', 'Europe/Vienna'],
    ['a time that the clocks show twice', '2026-10-25 02:30:00', 'Europe/Vienna'],
    ['a date in the format of a country', '01/03/2026 08:00:00', 'UTC'],
    ['a day alone', '2026-03-01', 'UTC'],
    ['a number', '1772352000000', 'UTC'],
    ['an empty text', '', 'UTC'],
    ['a date with a blank', ' 2026-03-01T08:00:00Z', 'UTC'],
  ])('is refused: %s', (_what, text, zone) => {
    expect(parseInstant(text, zone)).toBeUndefined();
  });

  it('means the same instant in every form', () => {
    const instants = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offset) => {
        const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
        const digits = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0');
        const sign = offset < 0 ? '-' : '+';
        const hours = digits(offset / 60);
        const minutes = digits(offset % 60);
        for (const text of [`${local}${sign}${hours}:${minutes}`, `${local}${sign}${hours}${minutes}`])
          expect(parseInstant(text, undefined)).toBe(at);
        expect(parseInstant(new Date(at).toISOString().slice(0, -1), 'UTC')).toBe(at);
      }),
    );
  });

  it('is never guessed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const at = parseInstant(text, 'Europe/Vienna');
        expect(at === undefined || Number.isFinite(at)).toBe(true);
      }),
    );
  });
});
