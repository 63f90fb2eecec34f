import { describe, expect, it } from 'vitest';
import { noOutcomes, OUTCOME_NAMES, OUTCOMES } from '#shared/domain/outcome.ts';

describe('the outcomes of an item', () => {
  it('are a closed list, each of a kind', () => {
    expect(OUTCOMES).toEqual({
      delivered: 'delivered',
      unchanged: 'unchanged',
      changing: 'skipped',
      approvalRequired: 'skipped',
      parked: 'skipped',
      failed: 'failed',
    });
  });

  it('are counted from nothing, each of them, and each count by itself', () => {
    expect(Object.keys(noOutcomes())).toEqual(OUTCOME_NAMES);
    expect(new Set(Object.values(noOutcomes()))).toEqual(new Set([0]));
    expect(noOutcomes()).not.toBe(noOutcomes());
  });
});
