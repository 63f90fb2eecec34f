import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVaultDate } from '#shared/connections/password-safe/dates.ts';

const instants = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('2200-01-01T00:00:00Z'),
  noInvalidDate: true,
});

describe('a date of the vault', () => {
  it('is the same instant with Z, with an offset of zero, and without a zone', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const iso = instant.toISOString();
        const bare = iso.slice(0, -1);
        for (const text of [
          iso,
          bare,
          `${bare}+00:00`,
          `${bare}-00:00`,
          `${bare}+0000`,
          bare.replace('T', ' '),
          ` ${iso} `,
        ]) {
          expect(parseVaultDate(text)).toBe(iso);
        }
      }),
    );
  });

  it('is shifted by its offset', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -14 * 4, max: 14 * 4 }), (instant, quarters) => {
        const minutes = Math.abs(quarters) * 15;
        const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
        const local = new Date(instant.getTime() + quarters * 15 * 60_000).toISOString().slice(0, -1);
        expect(parseVaultDate(`${local}${quarters < 0 ? '-' : '+'}${hours}:${rest}`)).toBe(instant.toISOString());
      }),
    );
  });

  it.each([
    ['2024-12-10T08:57:45.9', '2024-12-10T08:57:45.900Z'],
    ['2024-12-10T08:57:45.1234567', '2024-12-10T08:57:45.123Z'],
    ['2024-12-10T08:57:45z', '2024-12-10T08:57:45.000Z'],
    ['2024-12-10 08:57', '2024-12-10T08:57:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseVaultDate(text)).toBe(expected);
  });

  it.each(['', 'never', '10/12/2024', '2024-13-41T00:00:00', '2024-12-10', '1733820000'])(
    '%j is not a date',
    (text) => {
      expect(parseVaultDate(text)).toBeUndefined();
    },
  );

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseVaultDate(text)));
  });
});
