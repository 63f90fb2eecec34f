import { describe, expect, it } from 'vitest';
import {
  asRetry,
  CLOSING_RETRY,
  DEFAULT_RETRY,
  LIMIT_RETRY,
  maxWaitSeconds,
  OPEN_LIMIT_RETRY,
  OPENING_LIMIT_RETRY,
} from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES } from '#shared/errors.ts';

describe('retry policies', () => {
  it('wait as long as declared', () => {
    expect(maxWaitSeconds(DEFAULT_RETRY)).toBe(150);
    expect(maxWaitSeconds(CLOSING_RETRY)).toBe(10 + 20 + 40 + 80 + 160 + 8 * 300);
  });

  it('wait for a limit longer than a machine may run', () => {
    expect(maxWaitSeconds(LIMIT_RETRY)).toBeGreaterThan(24 * 3600);
    expect(DEFAULT_RETRY.errors).not.toContain('LimitReached');
  });

  it('wait for the concurrency of the account as for a limit, so that thousands of executions at once lose nothing', () => {
    expect(LIMIT_RETRY.errors).toContain('Lambda.TooManyRequestsException');
    expect(DEFAULT_RETRY.errors).not.toContain('Lambda.TooManyRequestsException');
  });

  it('wait for a limit at most ten minutes while leases are open, beside a minute in each attempt', () => {
    expect(maxWaitSeconds(OPEN_LIMIT_RETRY)).toBeLessThanOrEqual(600);
    expect(OPEN_LIMIT_RETRY.errors).toEqual(LIMIT_RETRY.errors);
  });

  it('wait longer than an hour before leases are opened, with the shortest jitter of a thousand runs', () => {
    const { attempts } = OPENING_LIMIT_RETRY;
    const deviation = (attempts / 12) ** 0.5;
    expect(maxWaitSeconds(OPENING_LIMIT_RETRY) * (0.5 - (3.3 * deviation) / attempts)).toBeGreaterThan(3600);
  });

  it.each([
    ['Lambda.ClientExecutionTimeoutException', 'Lambda did not answer'],
    ['Lambda.ServiceException', 'Lambda itself failed'],
    ['Lambda.AWSLambdaException', 'Lambda itself failed, under another error name'],
    ['Lambda.SdkClientException', 'Lambda could not be reached'],
    ['Lambda.Unknown', 'the function ran out of memory, or was killed'],
    ['Runtime.ExitError', 'the process of the function exited'],
    ['Sandbox.Timedout', 'the function timed out'],
    ['States.Timeout', 'the task timed out'],
  ])('try again after %s: %s, which is not an error of the step', (error) => {
    expect(DEFAULT_RETRY.errors).toContain(error);
    expect(CLOSING_RETRY.errors).toContain(error);
  });

  it('name only errors of the relay, Lambda and Step Functions', () => {
    const known: readonly string[] = ERROR_NAMES;
    const foreign = DEFAULT_RETRY.errors.filter((name) => !known.includes(name));
    expect(foreign.filter((name) => !/^(Lambda|Runtime|Sandbox|States)\./.test(name))).toEqual([]);
    expect(DEFAULT_RETRY.errors.length).toBeGreaterThan(foreign.length);
  });

  it('add jitter, so that batches that failed together are not retried together', () => {
    expect(asRetry(CLOSING_RETRY)).toMatchObject({ jitterStrategy: 'FULL', maxAttempts: 13, backoffRate: 2 });
  });
});
