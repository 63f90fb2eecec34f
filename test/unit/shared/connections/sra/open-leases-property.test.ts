import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ActivityEvent } from '#shared/connections/sra/reports/activity.ts';
import { isInUse, judgeLease, type LeaseVerdict } from '#shared/connections/sra/reports/open-leases.ts';

const HOUR_MS = 3_600_000;
/** No sum of the gaps is within the tolerance of it. */
const LIMIT_MS = 24.5 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1);

const KINDS = [
  'out',
  'out',
  'lost out',
  'in',
  'force',
  'use',
  'nameless use',
  'odd',
  'odd end',
  'end',
  'swap',
] as const;
const anyAct = fc.record({
  kind: fc.constantFrom(...KINDS),
  account: fc.constantFrom(0, 0, 0, 1),
  user: fc.constantFrom('dana', 'eli', 'kim'),
  gapMs: fc.constantFrom(0, 1000, HOUR_MS, 20 * HOUR_MS, 20 * HOUR_MS),
});

type Act = typeof anyAct extends fc.Arbitrary<infer One> ? One : never;

interface Site {
  nowMs: number;
  names: readonly [string, string];
  readonly holders: readonly [Map<string, number>, Map<string, number>];
  readonly lastMs: [number | null, number | null];
  readonly uses: { readonly account: number; readonly atMs: number; readonly id: string; hasEnded: boolean }[];
  readonly events: (ActivityEvent & { readonly id: number })[];
}

/** Plays acts of users at two accounts, whose names they swap. */
const play = (acts: readonly Act[], isNamed: boolean) => {
  const site: Site = {
    ...{ nowMs: START_MS, names: ['a', 'b'], lastMs: [null, null], uses: [], events: [] },
    holders: [new Map(), new Map()],
  };
  for (const { kind, account, user, gapMs } of acts) {
    site.nowMs += gapMs;
    const { nowMs: atMs, uses, names } = site;
    const [name, holders] = account === 0 ? [names[0], site.holders[0]] : [names[1], site.holders[1]];
    const add = (shown: ActivityEvent['kind'], data?: string) => {
      const performer = isNamed ? { key: user, name: user } : undefined;
      site.events.push({ id: account, atMs, kind: shown, account: name, performer, data });
    };
    if (kind === 'out' || kind === 'lost out') {
      holders.set(user, atMs);
      site.lastMs[account] = atMs;
      if (kind === 'out') add('checkedOut');
    }
    if (kind === 'in' && holders.delete(user)) add('checkedIn');
    if (kind === 'force' && holders.size > 0) {
      holders.clear();
      add('checkedIn');
    }
    if (kind === 'use' || kind === 'nameless use') {
      const id = `session ${uses.length}`;
      uses.push({ account, atMs, id, hasEnded: false });
      add('used', kind === 'use' ? id : undefined);
    }
    if (kind === 'odd end') holders.clear();
    if (kind === 'odd' || kind === 'odd end') add('unknown');
    if (kind === 'end') for (const use of uses) use.hasEnded = true;
    if (kind === 'swap') site.names = [names[1], names[0]];
  }
  return site;
};

it('no check-out may be forced that is young, in use or over, whatever happened to the account and its name', () => {
  let forced = 0;
  fc.assert(
    fc.property(fc.array(anyAct, { maxLength: 12 }), fc.boolean(), (acts, isNamed) => {
      const { nowMs, names, holders, lastMs, uses, events } = play(acts, isNamed);
      const [[name], [held], [lastCheckOutMs]] = [names, holders, lastMs];
      const forceBeforeMs = nowMs + 20 * HOUR_MS - LIMIT_MS;
      const ends = new Map(uses.map(({ id, hasEnded }) => [id, hasEnded]));
      const judge = (known: readonly ActivityEvent[]) =>
        judgeLease({ events: known, sharers: 1, lastCheckOutMs, shownSinceMs: START_MS }, Number.POSITIVE_INFINITY);
      const mayForce = (verdict: LeaseVerdict) =>
        verdict.kind === 'open' && verdict.sinceMs <= forceBeforeMs && isInUse(verdict, ends) === false;
      const lastHeldMs = Math.max(...held.values());
      if (mayForce(judge(events.filter(({ account }) => account === name)))) {
        expect(lastHeldMs).toBeLessThanOrEqual(forceBeforeMs);
      }
      const own = events.filter(({ id }) => id === 0);
      if (!mayForce(judge(own))) return;
      forced += 1;
      expect(held.size).toBeGreaterThan(0);
      expect(lastHeldMs).toBeLessThanOrEqual(forceBeforeMs);
      expect(uses.filter((use) => use.account === 0 && use.atMs >= lastHeldMs && !use.hasEnded)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
  expect(forced).toBeGreaterThan(20);
});
