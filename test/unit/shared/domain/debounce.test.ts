import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { debounceAt, isDebounced } from '#shared/domain/debounce.ts';

const time = fc.nat(4_000_000_000_000);
const sync = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);

describe('a debounced run', () => {
  it('ends at most half a minute after a message joined it, and waits beyond that end', () => {
    fc.assert(
      fc.property(sync, time, (name, now) => {
        const { endsAt, waitSeconds } = debounceAt(name, now);
        expect(endsAt).toBeGreaterThan(now);
        expect(endsAt - now).toBeLessThanOrEqual(30_000);
        expect(now + waitSeconds * 1000).toBeGreaterThanOrEqual(endsAt + 2000);
        expect(waitSeconds).toBeLessThanOrEqual(32);
      }),
    );
  });

  it('is shared by all messages before its end, and by none afterwards', () => {
    fc.assert(
      fc.property(sync, time, fc.nat(60_000), (name, now, later) => {
        const [one, other] = [debounceAt(name, now), debounceAt(name, now + later)];
        expect(other.run === one.run).toBe(now + later < one.endsAt);
      }),
    );
  });

  it('has a name that Step Functions accepts, distinct from all other runs of the sync', () => {
    fc.assert(
      fc.property(sync, time, fc.constantFrom('changed' as const, 'rotated' as const), (name, now, cause) => {
        const { run } = debounceAt(name, now, cause);
        expect(run).toMatch(/^[\w.-]{1,80}$/);
        expect(isDebounced(name, run)).toBe(true);
        expect(isDebounced(`${name}x`, run)).toBe(false);
      }),
    );
    expect(isDebounced('fleet', 'fleet.20260301T080000Z')).toBe(false);
    expect(debounceAt('fleet', 0, 'rotated').run).not.toBe(debounceAt('fleet', 0).run);
  });
});
