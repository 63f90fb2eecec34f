import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameMarker, type Marker, readMarker, writeReason } from '#shared/domain/marker.ts';

const marker: fc.Arbitrary<Marker> = fc.record({
  relayId: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}\.\d{12}\.[a-z]{2}-[a-z]{4,9}-\d$/),
  run: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}\.[\w.-]{1,40}$/),
  batch: fc.nat(100_000),
});

describe('the marker in a reason', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(marker, (one) => {
        expect(readMarker(writeReason('databases', one))).toEqual(one);
      }),
    );
  });

  it('fits into the thousand characters of a reason', () => {
    fc.assert(fc.property(marker, (one) => writeReason('a'.repeat(31), one).length <= 1000));
  });

  it.each(['', 'Fixing the printer', 'pam-relay', '[a/b]', '[a/b.c/x]', 'see [a/b.c/1] for more'])(
    'is not found in what somebody else wrote: %j',
    (reason) => expect(readMarker(reason)).toBeUndefined(),
  );

  it('is the same only when relay, run and batch all are', () => {
    const one = { relayId: 'r', run: 's.1', batch: 1 };
    expect(isSameMarker({ ...one }, one)).toBe(true);
    expect(isSameMarker({ ...one, batch: 2 }, one)).toBe(false);
    expect(isSameMarker({ ...one, run: 's.2' }, one)).toBe(false);
    expect(isSameMarker({ ...one, relayId: 'q' }, one)).toBe(false);
    expect(isSameMarker(undefined, one)).toBe(false);
  });
});
