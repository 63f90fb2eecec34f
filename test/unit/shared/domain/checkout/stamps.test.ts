import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { isStampOfAnother, newStamp } from '#shared/domain/checkout/stamps.ts';
import { identityOf } from '#test/support/checkouts.ts';

const run = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/).map((id) => checkoutRun(identityOf(id)));
const random = fc.stringMatching(/^[0-9a-f]{32}$/);

describe('the stamps of checkouts', () => {
  it('are 64 hex digits, which every store accepts, and differ between runs', () => {
    fc.assert(
      fc.property(run, run, random, (one, other, digits) => {
        const stamp = newStamp(one, digits);
        expect(stamp).toMatch(/^[0-9a-f]{64}$/);
        expect(isStampOfAnother(one, stamp)).toBe(false);
        expect(isStampOfAnother(other, stamp)).toBe(one !== other);
      }),
    );
  });

  it('differ for each delivery', () => {
    fc.assert(
      fc.property(run, random, random, (one, first, second) => {
        expect(newStamp(one, first) === newStamp(one, second)).toBe(first === second);
      }),
    );
  });

  it('differ from the stamps of secrets that a person overwrites or hands over', () => {
    fc.assert(fc.property(run, fc.uuid(), (one, version) => !isStampOfAnother(one, version)));
  });
});
