import { describe, expect, it } from 'vitest';
import { asRetry, BRIEF, longestWaitSeconds, PATIENT } from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES } from '#shared/errors.ts';

describe('retry policies', () => {
  it('wait for as long as they say', () => {
    expect(longestWaitSeconds(BRIEF)).toBe(150);
    expect(longestWaitSeconds(PATIENT)).toBe(10 + 20 + 40 + 80 + 160 + 8 * 300);
  });

  it('name our own errors from the closed list only, beside those of Lambda and Step Functions', () => {
    const known: readonly string[] = ERROR_NAMES;
    const foreign = BRIEF.errors.filter((name) => !known.includes(name));
    expect(foreign.filter((name) => !/^(Lambda|Runtime|Sandbox|States)\./.test(name))).toEqual([]);
    expect(BRIEF.errors.length).toBeGreaterThan(foreign.length);
  });

  it('spread retries, so that batches which failed together do not come back together', () => {
    expect(asRetry(PATIENT)).toMatchObject({ jitterStrategy: 'FULL', maxAttempts: 13, backoffRate: 2 });
  });
});
