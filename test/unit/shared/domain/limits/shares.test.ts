import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimShare, NO_SHARES, pause, releaseShare, renewShare, type Shares } from '#shared/domain/limits/shares.ts';

const LIMIT = { inFlight: 4, perSecond: 20 };

describe('shares of a limit', () => {
  it('never exceed it, however they are claimed, renewed and released', () => {
    const part = fc.record({ inFlight: fc.integer({ min: 1, max: 6 }), perSecond: fc.integer({ min: 1, max: 30 }) });
    const event = fc.record({
      kind: fc.constantFrom('claim', 'renew', 'release'),
      holder: fc.constantFrom('a', 'b', 'c'),
      wanted: part,
      afterMs: fc.oneof(fc.nat(500), fc.nat(60_000)),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let state: Shares = NO_SHARES;
        let nowMs = 1_000_000;
        // As many calls as the share allows.
        const endsOf = ({ shares }: Shares, holder: string): number[] =>
          Array.from({ length: shares.find((share) => share.holder === holder)?.perSecond ?? 0 }, () => nowMs);
        for (const { kind, holder, wanted, afterMs } of events) {
          nowMs += afterMs;
          const claim = { holder, nowMs, untilMs: nowMs + 46_000 };
          const next = {
            claim: () => claimShare(state, LIMIT, wanted, claim)?.next,
            renew: () => renewShare(state, LIMIT, wanted, claim)?.next,
            release: () => releaseShare(state, holder, endsOf(state, holder), nowMs),
          }[kind]();
          state = next ?? state;
          for (const side of ['inFlight', 'perSecond'] as const) {
            const held = state.shares.filter(({ untilMs }) => untilMs > nowMs).map((share) => share[side]);
            const total = held.reduce((sum, one) => sum + one, 0);
            const recent = side === 'perSecond' ? state.ended.filter((endMs) => endMs > nowMs - 1000).length : 0;
            expect(total + recent).toBeLessThanOrEqual(LIMIT[side]);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  describe('that was returned after ten calls within the second', () => {
    const nowMs = 1_000_000;
    const claim = (holder: string) => ({ holder, nowMs, untilMs: nowMs + 46_000 });
    const ends = Array.from({ length: 10 }, (_, index) => nowMs - 100 + index);
    const half = { inFlight: 2, perSecond: 10 };
    const first = claimShare(NO_SHARES, LIMIT, half, claim('a'));
    const returned = releaseShare(first?.next ?? NO_SHARES, 'a', ends, nowMs) ?? NO_SHARES;

    it('leave the calls aside as long as there is room for them', () => {
      const next = claimShare(returned, LIMIT, half, claim('b'));
      expect(next?.share).toMatchObject({ ...half, inherited: [] });
      expect(next?.next.ended).toEqual(ends);
    });

    it('count the oldest calls in the share that leaves no room for them, once', () => {
      const most = { inFlight: 2, perSecond: 14 };
      const next = claimShare(returned, LIMIT, most, claim('b'));
      expect(next?.share).toMatchObject({ ...most, inherited: ends.slice(0, 4) });
      expect(next?.next.ended).toEqual(ends.slice(4));
      // Its answer was lost.
      const again = claimShare(next?.next ?? NO_SHARES, LIMIT, LIMIT, claim('b'));
      expect(again?.share).toMatchObject({ perSecond: 20, inherited: ends });
    });

    it('grow only by what the calls leave', () => {
      const next = claimShare(returned, LIMIT, { inFlight: 1, perSecond: 5 }, claim('b'));
      const grown = renewShare(next?.next ?? NO_SHARES, LIMIT, LIMIT, claim('b'));
      expect(grown?.share).toMatchObject({ inFlight: 4, perSecond: 10 });
    });
  });

  it('are neither claimed nor renewed during a wait that the server asked for, which a release does not end', () => {
    const nowMs = 1_000_000;
    const claim = { holder: 'a', nowMs, untilMs: nowMs + 46_000 };
    const held = claimShare(NO_SHARES, LIMIT, LIMIT, claim)?.next ?? NO_SHARES;
    const paused = pause(held, 30_000, nowMs);
    expect(renewShare(paused, LIMIT, LIMIT, claim)).toBeUndefined();
    const released = releaseShare(paused, 'a', [], nowMs) ?? NO_SHARES;
    expect(claimShare(released, LIMIT, LIMIT, claim)).toBeUndefined();
    expect(claimShare(released, LIMIT, LIMIT, { ...claim, nowMs: nowMs + 30_000 })?.share).toMatchObject(LIMIT);
  });
});
