import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minutesLeft, minutesToRequest, type Window, windowStart } from '#shared/domain/checkout/window.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;
const at = (minutes: number): string => new Date(NOON + minutes * MINUTE_MS).toISOString();

const moment = fc.integer({ min: -500_000, max: 500_000 }).map((seconds) => NOON + seconds * 1000);
const instant = moment.map((ms) => new Date(ms).toISOString());
const from = fc.option(instant, { nil: undefined });
const minutes = fc.integer({ min: 1, max: 525_600 });
const forMinutes: fc.Arbitrary<Window> = fc.record({ from, minutes });
const untilThen: fc.Arbitrary<Window & { until: string }> = fc.record({ from, until: instant });
const anyWindow: fc.Arbitrary<Window> = fc.oneof(forMinutes, untilThen);

describe('a window', () => {
  it('begins now, or at its later start, and never earlier', () => {
    expect(windowStart({ minutes: 5 }, NOON)).toBe(NOON);
    expect(windowStart({ from: at(10), minutes: 5 }, NOON)).toBe(NOON + 10 * MINUTE_MS);
    expect(windowStart({ from: at(-10), minutes: 5 }, NOON)).toBe(NOON);
    fc.assert(
      fc.property(anyWindow, moment, (window, now) => {
        expect(windowStart(window, now)).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  it('of some minutes has all of them left, whenever it begins', () => {
    fc.assert(
      fc.property(from, minutes, moment, (begin, length, now) => {
        expect(minutesLeft({ from: begin, minutes: length }, now)).toBe(length);
        expect(minutesToRequest({ from: begin, minutes: length }, now)).toBe(length);
      }),
    );
  });

  it('until a time has the time between its beginning and that time left', () => {
    fc.assert(
      fc.property(untilThen, moment, (window, now) => {
        const end = windowStart(window, now) + minutesLeft(window, now) * MINUTE_MS;
        expect(end).toBeCloseTo(Date.parse(window.until), 0);
      }),
    );
  });

  it('until a time never gets longer as time passes', () => {
    fc.assert(
      fc.property(untilThen, moment, fc.nat(10_000_000), (window, now, later) => {
        expect(minutesLeft(window, now + later)).toBeLessThanOrEqual(minutesLeft(window, now));
      }),
    );
  });

  it('is over from its end on, and not before', () => {
    expect(minutesLeft({ until: at(0) }, NOON)).toBe(0);
    expect(minutesLeft({ until: at(0) }, NOON - 1)).toBeGreaterThan(0);
    expect(minutesLeft({ until: at(0) }, NOON + 1)).toBeLessThan(0);
    expect(minutesLeft({ from: at(60), until: at(30) }, NOON)).toBe(-30);
  });

  it('is requested in whole minutes that cover its rest, and not a minute more', () => {
    fc.assert(
      fc.property(untilThen, moment, (window, now) => {
        const asked = minutesToRequest(window, now);
        const left = Date.parse(window.until) - now;
        expect(Number.isInteger(asked)).toBe(true);
        expect(asked).toBeGreaterThanOrEqual(1);
        expect(asked * MINUTE_MS).toBeGreaterThanOrEqual(left);
        if (left > 0) expect((asked - 1) * MINUTE_MS).toBeLessThan(left);
      }),
    );
  });

  it('is never requested for less time than is left', () => {
    fc.assert(
      fc.property(anyWindow, moment, (window, now) => {
        expect(minutesToRequest(window, now)).toBeGreaterThanOrEqual(minutesLeft(window, now));
      }),
    );
  });
});
