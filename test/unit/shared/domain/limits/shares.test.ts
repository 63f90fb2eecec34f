import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimShare, NO_SHARES, releaseShare, renewShare, type Shares } from '#shared/domain/limits/shares.ts';

const LIMIT = { inFlight: 4, perSecond: 20 };

describe('shares of a limit', () => {
  it('never exceed it, however they are claimed, renewed and released', () => {
    const part = fc.record({ inFlight: fc.integer({ min: 1, max: 6 }), perSecond: fc.integer({ min: 1, max: 30 }) });
    const event = fc.record({
      kind: fc.constantFrom('claim', 'renew', 'release'),
      holder: fc.constantFrom('a', 'b', 'c'),
      wanted: part,
      afterMs: fc.nat(20_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let state: Shares = NO_SHARES;
        let nowMs = 1_000_000;
        for (const { kind, holder, wanted, afterMs } of events) {
          nowMs += afterMs;
          const claim = { holder, nowMs, untilMs: nowMs + 46_000 };
          const next = {
            claim: () => claimShare(state, LIMIT, wanted, claim)?.next,
            renew: () => renewShare(state, LIMIT, wanted, claim)?.next,
            release: () => releaseShare(state, holder, [nowMs], nowMs),
          }[kind]();
          state = next ?? state;
          for (const side of ['inFlight', 'perSecond'] as const) {
            const held = state.shares.filter(({ untilMs }) => untilMs > nowMs).map((share) => share[side]);
            expect(held.reduce((total, one) => total + one, 0)).toBeLessThanOrEqual(LIMIT[side]);
          }
        }
      }),
    );
  });

  it('that grow count the calls that ended under the returned ones', () => {
    const nowMs = 1_000_000;
    const untilMs = nowMs + 46_000;
    const first = claimShare(NO_SHARES, LIMIT, { inFlight: 3, perSecond: 15 }, { holder: 'a', nowMs, untilMs });
    const both = claimShare(first?.next ?? NO_SHARES, LIMIT, LIMIT, { holder: 'b', nowMs, untilMs });
    expect(both?.share).toMatchObject({ inFlight: 1, perSecond: 5 });
    const returned = releaseShare(both?.next ?? NO_SHARES, 'a', [nowMs], nowMs) ?? NO_SHARES;
    const grown = renewShare(returned, LIMIT, LIMIT, { holder: 'b', nowMs, untilMs });
    expect(grown).toMatchObject({ share: { inFlight: 4, perSecond: 20 }, inherited: [nowMs] });
    const same = renewShare(grown?.next ?? NO_SHARES, LIMIT, LIMIT, { holder: 'b', nowMs, untilMs });
    expect(same?.inherited).toEqual([]);
  });
});
