import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameMarker, type Marker, readMarker, withMarker, writeReason } from '#shared/leases/marker.ts';
import { runSchema, WORKFLOWS } from '#shared/workflows/run.ts';

const marker: fc.Arbitrary<Marker> = fc.record({
  relayId: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}\.\d{12}\.[a-z]{2}-[a-z]{4,9}-\d$/),
  workflow: fc.constantFrom(...WORKFLOWS),
  rule: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  run: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}\.[\w.-]{1,48}$/),
  batch: fc.nat(100_000),
});

describe('the marker in a reason', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(marker, (one) => {
        expect(readMarker(writeReason(one))).toEqual(one);
      }),
    );
  });

  it('is read as it was written after any reason, even one that looks like a marker', () => {
    const reason = fc.oneof(
      fc.string({ maxLength: 500 }),
      marker.map((one) => withMarker('', one)),
    );
    fc.assert(
      fc.property(reason, marker, (text, one) => {
        expect(readMarker(withMarker(text, one))).toEqual(one);
      }),
    );
  });

  it('identifies a run in the form that steps use', () => {
    fc.assert(
      fc.property(marker, ({ relayId: _, batch: __, ...run }) => {
        expect(runSchema.parse(run)).toEqual(run);
      }),
    );
  });

  it('fits into the thousand characters of a reason', () => {
    fc.assert(
      fc.property(marker, (one) => withMarker('x'.repeat(500), one).length <= 1000 && writeReason(one).length <= 1000),
    );
  });

  it.each([
    '',
    'Fixing the printer',
    'pam-relay',
    '[a/b]',
    '[a/sync/b/b.c/x]',
    '[a/b.c/1]',
    '[a/backup/b/b.c/1]',
    'see [a/sync/b/b.c/1] for more',
  ])('is not found in the reason of another client: %j', (reason) => {
    expect(readMarker(reason)).toBeUndefined();
  });

  it('is the same only if relay, workflow, rule, run and batch are the same', () => {
    const one: Marker = { relayId: 'r', workflow: 'sync', rule: 's', run: 's.1', batch: 1 };
    expect(isSameMarker({ ...one }, one)).toBe(true);
    expect(isSameMarker({ ...one, batch: 2 }, one)).toBe(false);
    expect(isSameMarker({ ...one, run: 's.2' }, one)).toBe(false);
    expect(isSameMarker({ ...one, workflow: 'checkout' }, one)).toBe(false);
    expect(isSameMarker({ ...one, rule: 't' }, one)).toBe(false);
    expect(isSameMarker({ ...one, relayId: 'q' }, one)).toBe(false);
    expect(isSameMarker(undefined, one)).toBe(false);
  });
});
