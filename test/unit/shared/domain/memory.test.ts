import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absentAfter, type Backoff, backoffAfter, parkFor } from '#shared/domain/memory.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';

const NOW = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const failing = (name: (typeof ERROR_NAMES)[number]) => ({ name, message: 'why' });

describe('the backoff of an account', () => {
  it('parks after the third failure in a row that waiting cannot fix', () => {
    let backoff: Backoff | undefined;
    const parks: (number | undefined)[] = [];
    for (let run = 0; run < 5; run += 1) {
      backoff = backoffAfter(backoff, 'failed', failing('NotRequestable'), NOW);
      parks.push(backoff?.parkedUntil);
    }
    expect(parks).toEqual([undefined, undefined, NOW + DAY_MS, NOW + 2 * DAY_MS, NOW + 4 * DAY_MS]);
  });

  it('never grows because of a temporary error: an outage must not park a fleet', () => {
    for (const name of ERROR_NAMES.filter(isRetryable)) {
      expect(backoffAfter(undefined, 'failed', failing(name), NOW)).toBeUndefined();
    }
  });

  it('parks an item that needs an approval immediately, because each attempt sends mail to the approvers', () => {
    const first = backoffAfter(undefined, 'approvalRequired', undefined, NOW);
    expect(first).toEqual({ reason: 'approval', times: 1, parkedUntil: NOW + DAY_MS });
    expect(backoffAfter(first, 'approvalRequired', undefined, NOW)).toMatchObject({
      times: 2,
      parkedUntil: NOW + 2 * DAY_MS,
    });
  });

  it('ends with a delivery, unless the vault may rotate the item again', () => {
    const backoff: Backoff = { reason: 'failing', times: 2 };
    expect(backoffAfter(backoff, 'delivered', undefined, NOW)).toBeUndefined();
    expect(backoffAfter({ ...backoff, reason: 'rotates' }, 'delivered', undefined, NOW)).toMatchObject({ times: 2 });
    expect(backoffAfter(backoff, 'unchanged', undefined, NOW)).toBeUndefined();
  });

  it('never parks for longer than a week, nor for less time than before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (times) => {
        expect(parkFor(times)).toBeLessThanOrEqual(7 * DAY_MS);
        expect(parkFor(times + 1)).toBeGreaterThanOrEqual(parkFor(times));
      }),
    );
  });
});

describe('the remembered absences', () => {
  it('are those of the last run that saw everything', () => {
    expect(absentAfter(['a', 'b'], { absent: ['b', 'c'], present: [] })).toEqual(['b', 'c']);
    expect(absentAfter([], { absent: [] })).toEqual([]);
  });

  it('are kept by any other run, except for secrets whose items it saw again', () => {
    expect(absentAfter(['a', 'b'], {})).toEqual(['a', 'b']);
    expect(absentAfter(['a', 'b'], { present: ['a', 'z'] })).toEqual(['b']);
    expect(absentAfter([], { present: ['a'] })).toEqual([]);
  });
});
