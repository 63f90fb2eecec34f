import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageHours,
  decideAll,
  type ForceContext,
  type ForceTerms,
  isSameCheckout,
  type OpenCheckout,
  reasonToKeep,
} from '#shared/domain/old-checkouts/decide.ts';

const NOW = Date.parse('2026-03-31T00:00:00Z');
const HOUR = 3_600_000;
const hoursAgo = (hours: number): string => new Date(NOW - hours * HOUR).toISOString();

const aCheckout = (more: Partial<OpenCheckout> = {}): OpenCheckout => ({
  ...{ id: 'vault-account:1', labels: { groupName: 'Contractors' }, since: hoursAgo(30), inUse: false },
  ...more,
});
const TERMS: ForceTerms = { olderThanHours: 24, groups: ['Contractors'], budget: 5 };
const contextWith = (terms: Partial<ForceTerms> = {}, more: Partial<ForceContext> = {}): ForceContext => ({
  ...{ terms: { ...TERMS, ...terms }, groupLabel: 'groupName', claimed: new Map(), now: NOW },
  ...more,
});

describe('a checkout', () => {
  it('may end if it is old enough, in a group of the rule, and no session uses its credential', () => {
    expect(reasonToKeep(aCheckout(), contextWith())).toBeUndefined();
    expect(reasonToKeep(aCheckout({ since: hoursAgo(24) }), contextWith())).toBeUndefined();
    const everything = contextWith({ groups: undefined, everything: true });
    expect(reasonToKeep(aCheckout({ labels: {} }), everything)).toBeUndefined();
  });

  it.each<[what: string, checkout: Partial<OpenCheckout>, context: ForceContext, reason: string]>([
    ['the rule only reports', {}, contextWith({}, { terms: undefined }), 'The rule only reports.'],
    ['it is younger', { since: hoursAgo(23.9) }, contextWith(), 'It began, or began again, less than 24 hours ago.'],
    ['its start cannot be read', { since: 'yesterday' }, contextWith(), 'Its age is not known.'],
    ['its start is in the future', { since: hoursAgo(-1) }, contextWith(), 'Its age is not known.'],
    ['its group is another', { labels: { groupName: 'Staff' } }, contextWith(), 'Its group is not one'],
    ['it has no group', { labels: {} }, contextWith({ groups: ['*'] }), 'Its group is not one'],
    ['the source has no groups', {}, contextWith({}, { groupLabel: undefined }), 'Its group is not one'],
    ['its group is excluded', {}, contextWith({ groups: ['C*', '!Contractors'] }), 'Its group is not one'],
    ['the groups only exclude', {}, contextWith({ groups: ['!Staff'] }), 'Its group is not one'],
    ['the rule names no groups', {}, contextWith({ groups: undefined }), 'Its group is not one'],
    ['a session uses it', { inUse: true }, contextWith(), 'A session uses the credential.'],
    ['another user has it too', { others: 1 }, contextWith(), 'Several users have it checked out.'],
    ['the vault ends no such', { refusal: 'Not by force.' }, contextWith(), 'Not by force.'],
    ['its use is unknown', { inUse: 'unknown' }, contextWith(), 'The vault does not show whether'],
    [
      'it is the own one of the relay',
      {},
      contextWith({}, { claimed: new Map([['vault-account:1', 'A run has it.']]) }),
      'A run has it.',
    ],
  ])('stays open if %s', (_what, checkout, context, reason) => {
    expect(reasonToKeep(aCheckout(checkout), context)).toContain(reason);
  });

  it('is another one if it began at another time, or if that is not known', () => {
    expect(isSameCheckout({ since: '2026-03-30T00:00:00Z' }, { since: '2026-03-30T01:00:00.000+01:00' })).toBe(true);
    expect(isSameCheckout({ since: '2026-03-30T00:00:00Z' }, { since: '2026-03-30T00:00:01Z' })).toBe(false);
    expect(isSameCheckout({ since: 'x' }, { since: 'x' })).toBe(false);
  });

  it('has an age by a clock that can be a little ahead', () => {
    expect(ageHours(hoursAgo(-0.01), NOW)).toBe(0);
    expect(ageHours(hoursAgo(2), NOW)).toBe(2);
  });
});

describe('the decisions about all checkouts', () => {
  it('end the oldest ones within the budget', () => {
    const checkouts = [26, 40, 30].map((hours, index) => aCheckout({ id: `${index}`, since: hoursAgo(hours) }));
    expect(decideAll(checkouts, contextWith({ budget: 2 }))).toEqual([
      { end: false, reason: 'The budget of this run is used up. The next run continues.' },
      { end: true },
      { end: true },
    ]);
  });

  it('end none of several of one item, because the vault ends them together', () => {
    const decisions = decideAll([aCheckout(), aCheckout({ since: hoursAgo(50) })], contextWith());
    expect(decisions).toEqual([1, 2].map(() => ({ end: false, reason: 'Several users have it checked out.' })));
  });

  const anyGroup = fc.constantFrom('Contractors', 'Staff', '', 'contractors', '!Staff');
  const anyCheckout = fc.record({
    id: fc.constantFrom(...'abcdefgh'),
    labels: fc.record({ groupName: anyGroup }, { requiredKeys: [] }),
    since: fc.oneof(
      fc.constantFrom('', 'yesterday', hoursAgo(-2)),
      fc.integer({ min: 0, max: 60 }).map((hours) => hoursAgo(hours)),
    ),
    others: fc.constantFrom(undefined, 0, 1),
    inUse: fc.constantFrom(true, false, 'unknown' as const),
    refusal: fc.constantFrom(undefined, undefined, 'Not by force.'),
    hasFailed: fc.boolean(),
  });
  const anyTerms = fc.record({
    olderThanHours: fc.integer({ min: 1, max: 50 }),
    groups: fc.option(fc.array(fc.constantFrom('Contractors', 'Staff', '!Staff', '*', 'C*')), { nil: undefined }),
    everything: fc.option(fc.constant(true as const), { nil: undefined }),
    budget: fc.integer({ min: 0, max: 4 }),
  });
  const anyContext = fc.record({
    terms: fc.option(anyTerms, { nil: undefined }),
    groupLabel: fc.constantFrom('groupName', undefined),
    claimed: fc
      .dictionary(fc.constantFrom(...'abcdefgh'), fc.constant('own'))
      .map((map) => new Map(Object.entries(map))),
    now: fc.constant(NOW),
  });
  const anyCase = [fc.array(anyCheckout, { maxLength: 12 }), anyContext] as const;

  it('are one for each checkout, and end nothing that the rule does not allow or the vault does not show', () => {
    fc.assert(
      fc.property(...anyCase, (checkouts, context) => {
        const decisions = decideAll(checkouts, context);
        expect(decisions).toHaveLength(checkouts.length);
        const ended = checkouts.filter((_, index) => decisions[index]?.end);
        expect(ended.length).toBeLessThanOrEqual(context.terms?.budget ?? 0);
        for (const { id, since, inUse, labels, others, refusal } of ended) {
          expect([inUse, others ?? 0, refusal]).toEqual([false, 0, undefined]);
          expect(context.claimed.has(id)).toBe(false);
          expect(NOW - Date.parse(since)).toBeGreaterThanOrEqual((context.terms?.olderThanHours ?? 999) * HOUR);
          expect(checkouts.filter((other) => other.id === id)).toHaveLength(1);
          if (context.terms?.everything !== true) expect(labels.groupName ?? '').not.toBe('');
        }
        for (const decision of decisions) if (!decision.end) expect(decision.reason).not.toBe('');
      }),
    );
  });

  it('do not depend on the order of the list, and leave none open that is older than an ended one without a reason', () => {
    fc.assert(
      fc.property(...anyCase, (checkouts, context) => {
        const endedOf = (list: readonly OpenCheckout[]): string[] => {
          const decisions = decideAll(list, context);
          return list.flatMap(({ id }, index) => (decisions[index]?.end ? [id] : [])).toSorted();
        };
        expect(endedOf(checkouts.toReversed())).toEqual(endedOf(checkouts));
        const decisions = decideAll(checkouts, context);
        const youngest = Math.max(
          ...checkouts.flatMap(({ since, hasFailed }, index) =>
            decisions[index]?.end && !hasFailed ? [Date.parse(since)] : [],
          ),
        );
        checkouts.forEach(({ since, hasFailed }, index) => {
          const decision = decisions[index];
          if (decision?.end === false && decision.reason.startsWith('The budget') && !hasFailed)
            expect(Date.parse(since)).toBeGreaterThanOrEqual(youngest);
        });
      }),
    );
  });
});
