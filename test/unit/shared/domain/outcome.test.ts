import { describe, expect, it } from 'vitest';
import { OUTCOME_NAMES, OUTCOMES, zeroOutcomes } from '#shared/domain/outcome.ts';

describe('the outcomes of an item', () => {
  it('are a closed list, each of a kind', () => {
    expect(OUTCOMES).toEqual({
      delivered: 'delivered',
      unchanged: 'unchanged',
      changing: 'skipped',
      approvalRequired: 'skipped',
      parked: 'skipped',
      held: 'skipped',
      failed: 'failed',
    });
  });

  it('are counted from zero, each separately', () => {
    expect(Object.keys(zeroOutcomes())).toEqual(OUTCOME_NAMES);
    expect(new Set(Object.values(zeroOutcomes()))).toEqual(new Set([0]));
    expect(zeroOutcomes()).not.toBe(zeroOutcomes());
  });
});
