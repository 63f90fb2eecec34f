import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type Observations, type TestResult } from '#shared/domain/rotation/outcome.ts';

const BEFORE = '2026-03-01T12:00:00.000Z';
const AFTER = '2026-03-02T12:00:00.000Z';
const LATER = '2026-03-02T12:05:00.000Z';
const UNREADABLE = { hasUnreadableDate: true };

const shows = (changedAt: string | undefined, changing: boolean | 'unknown' = false) => ({ changedAt, changing });
const verdictOn = (observed: Partial<Observations>) =>
  judge({ before: { changedAt: BEFORE }, shown: shows(BEFORE), isOverdue: false, ...observed });
const passed = (changedAt: string): TestResult => ({ result: 'passed', changedAt });

describe('the outcome of a started item', () => {
  it.each([
    ['the date is as before', {}],
    ['the date is earlier, because a backup was restored', { shown: shows('2026-02-01T12:00:00Z') }],
    ['the vault does not answer', { shown: undefined }],
    ['the vault is changing it', { shown: shows(BEFORE, true) }],
    ['the vault is changing it again', { shown: shows(AFTER, true) }],
    ['the vault is changing it after a refusal', { shown: shows(BEFORE, true), refusal: 'refused' }],
    ['the date cannot be read', { shown: shows('yesterday') }],
    ['the date cannot be read, and the vault says so', { shown: { ...shows(undefined), ...UNREADABLE } }],
    ['the date before could not be read', { before: UNREADABLE, shown: shows(AFTER) }],
    ['the date before is no date', { before: { changedAt: '2026-02-31T12:00:00Z' }, shown: shows(AFTER) }],
    ['the vault has no date', { before: {}, shown: shows(undefined) }],
    ['a test passed, of what the vault held before', { test: passed(BEFORE) }],
    ['the vault has no test', { test: { result: 'impossible' } }],
  ] satisfies [string, Partial<Observations>][])(
    'stays open while %s, and is unknown after the deadline',
    (_, observed) => {
      expect(verdictOn(observed)).toEqual({ status: 'started' });
      expect(verdictOn({ ...observed, isOverdue: true })).toMatchObject({ status: 'unknown' });
    },
  );

  it.each([
    ['the vault shows a later date', {}],
    ['it is not known if it is changing', { shown: shows(AFTER, 'unknown') }],
    ['the vault shows its first date', { before: {} }],
    ['the vault shows it in spite of a refusal', { refusal: 'refused' }],
    ['an earlier change was tested', { shown: shows(LATER), test: passed(AFTER) }],
    ['an earlier change failed its test', { shown: shows(LATER), test: { result: 'failed', changedAt: AFTER } }],
  ] satisfies [string, Partial<Observations>][])('is changed if %s, before and after the deadline', (_, observed) => {
    const all = { shown: shows(AFTER), ...observed };
    const changed = { status: 'changed', changedAt: all.shown.changedAt };
    expect(verdictOn(all)).toEqual(changed);
    expect(verdictOn({ ...all, isOverdue: true })).toEqual(changed);
  });

  it.each([
    ['rotated', 'its test passed', passed(AFTER)],
    ['rotated', 'the vault has no test', { result: 'impossible' }],
    ['testFailed', 'its test failed', { result: 'failed', changedAt: AFTER }],
  ] satisfies [string, string, TestResult][])('is %s if %s', (status, _, test) => {
    expect(verdictOn({ shown: shows(AFTER), test })).toEqual({ status, changedAt: AFTER });
  });

  it.each([passed(AFTER), { result: 'impossible' }] satisfies TestResult[])(
    'waits for the switch of its alias after %j, and is unknown after the deadline',
    (test) => {
      const observed = { shown: shows(AFTER), test, awaitsSwitch: true };
      expect(verdictOn(observed)).toEqual({ status: 'changed', changedAt: AFTER });
      expect(verdictOn({ ...observed, isOverdue: true })).toMatchObject({
        status: 'unknown',
        reason: expect.stringContaining('the alias did not switch to it in time'),
      });
    },
  );

  it('is tested again if the test itself failed, until the deadline', () => {
    const observed = { shown: shows(AFTER), test: { result: 'inconclusive', changedAt: AFTER } } as const;
    expect(verdictOn(observed)).toMatchObject({ status: 'changed' });
    expect(verdictOn({ ...observed, isOverdue: true })).toEqual({
      status: 'unknown',
      reason: 'The credential changed, and could not be tested in time.',
    });
  });

  it('has failed if the vault refused the change, even if it does not answer any more', () => {
    const failed = { status: 'failed', reason: 'The policy forbids it.' };
    expect(verdictOn({ refusal: failed.reason })).toEqual(failed);
    expect(verdictOn({ refusal: failed.reason, shown: undefined, isOverdue: true })).toEqual(failed);
  });

  it('is a change in no other case than a later date that can be read', () => {
    const anyDate = fc.oneof(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString()),
      fc.constantFrom(undefined, '', '0', '01/02/2026', '2026-03-01', 'Infinity'),
    );
    const anyEvidence = fc.record({
      changedAt: anyDate,
      hasUnreadableDate: fc.option(fc.boolean(), { nil: undefined }),
    });
    const anyObservations: fc.Arbitrary<Observations> = fc.record({
      before: anyEvidence,
      shown: fc.option(
        fc
          .tuple(anyEvidence, fc.constantFrom<boolean | 'unknown'>(true, false, 'unknown'))
          .map(([dates, changing]) => ({ ...dates, changing })),
        { nil: undefined },
      ),
      isOverdue: fc.boolean(),
      refusal: fc.constantFrom(undefined, 'refused'),
      test: fc.option(
        fc.oneof(
          fc.constant({ result: 'impossible' as const }),
          fc.record({ result: fc.constantFrom('passed', 'failed', 'inconclusive'), changedAt: fc.constant(AFTER) }),
        ),
        { nil: undefined },
      ),
    });
    const isLater = (one: string, other: string | undefined): boolean =>
      other === undefined || Date.parse(one) > Date.parse(other);
    fc.assert(
      fc.property(anyObservations, (observed) => {
        const verdict = judge(observed);
        expect(judge(observed)).toEqual(verdict);
        if (observed.isOverdue) expect(verdict.status).not.toBe('started');
        if (verdict.status === 'unknown') expect(observed.isOverdue).toBe(true);
        if (verdict.status === 'failed') expect(observed.refusal).toBeDefined();
        if (!('changedAt' in verdict)) return;
        const { before, shown } = observed;
        expect(shown?.changing).not.toBe(true);
        expect(verdict.changedAt).toBe(shown?.changedAt);
        expect(before.hasUnreadableDate).not.toBe(true);
        expect(isLater(verdict.changedAt, before.changedAt)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
