import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatheringAt, isGathered } from '#shared/domain/gathering.ts';

const time = fc.nat(4_000_000_000_000);
const sync = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);

describe('a gathering', () => {
  it('ends after it was joined, half a minute later at most, and is looked at when it is over', () => {
    fc.assert(
      fc.property(sync, time, (name, now) => {
        const { endsAt, waitSeconds } = gatheringAt(name, now);
        expect(endsAt).toBeGreaterThan(now);
        expect(endsAt - now).toBeLessThanOrEqual(30_000);
        expect(now + waitSeconds * 1000).toBeGreaterThanOrEqual(endsAt + 2000);
        expect(waitSeconds).toBeLessThanOrEqual(32);
      }),
    );
  });

  it('is shared by all who come before its end, and by nobody after it', () => {
    fc.assert(
      fc.property(sync, time, fc.nat(60_000), (name, now, later) => {
        const [one, other] = [gatheringAt(name, now), gatheringAt(name, now + later)];
        expect(other.run === one.run).toBe(now + later < one.endsAt);
      }),
    );
  });

  it('has a run by a name that Step Functions takes, and that tells it from all other runs of the sync', () => {
    fc.assert(
      fc.property(sync, time, (name, now) => {
        const { run } = gatheringAt(name, now);
        expect(run).toMatch(/^[\w.-]{1,80}$/);
        expect(isGathered(name, run)).toBe(true);
        expect(isGathered(`${name}x`, run)).toBe(false);
      }),
    );
    expect(isGathered('fleet', 'fleet.20260301T080000Z')).toBe(false);
  });
});
