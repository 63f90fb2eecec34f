import { describe, expect, it } from 'vitest';
import { asRetry, BRIEF, longestWaitSeconds, PATIENT } from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES } from '#shared/errors.ts';

describe('retry policies', () => {
  it('wait for as long as they say', () => {
    expect(longestWaitSeconds(BRIEF)).toBe(150);
    expect(longestWaitSeconds(PATIENT)).toBe(10 + 20 + 40 + 80 + 160 + 8 * 300);
  });

  it.each([
    ['Lambda.ClientExecutionTimeoutException', 'the answer of Lambda did not come'],
    ['Lambda.ServiceException', 'Lambda itself failed'],
    ['Lambda.AWSLambdaException', 'Lambda itself failed, under another name'],
    ['Lambda.SdkClientException', 'Lambda was not reached'],
    ['Lambda.TooManyRequestsException', 'the account runs as many functions as it may'],
    ['Lambda.Unknown', 'the function ran out of memory, or was killed'],
    ['Runtime.ExitError', 'the process of the function went away'],
    ['Sandbox.Timedout', 'the time of the function was up'],
    ['States.Timeout', 'the time of the task was up'],
  ])('try again after %s: %s, which says nothing about the step', (error) => {
    expect(BRIEF.errors).toContain(error);
    expect(PATIENT.errors).toContain(error);
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
