import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_NAMES, isRetryable, RelayError } from '#shared/errors.ts';
import { waitBeforeRetryMs } from '#shared/http/retry.ts';

const policy = { attempts: 3, budgetMs: 60_000, baseMs: 500 };
const progress = { attempt: 1, elapsedMs: 0, random: () => 0.5 };
const error = fc.record({
  name: fc.constantFrom(...ERROR_NAMES),
  mayHaveHappened: fc.boolean(),
  retryAfterMs: fc.option(fc.nat(120_000), { nil: undefined }),
});
const raise = ({ name, mayHaveHappened, retryAfterMs }: typeof error extends fc.Arbitrary<infer T> ? T : never) =>
  new RelayError(name, 'x', { mayHaveHappened, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

describe('the wait before a call is repeated', () => {
  it('is absent if the call may have happened, or if a repetition cannot help', () => {
    fc.assert(
      fc.property(error, (options) => {
        const waitMs = waitBeforeRetryMs(raise(options), policy, progress);
        if (waitMs !== undefined) {
          expect(options.mayHaveHappened).toBe(false);
          expect(isRetryable(options.name)).toBe(true);
        }
      }),
    );
  });

  it('is at least what the server requested, within the backoff of that, and within the budget', () => {
    fc.assert(
      fc.property(
        fc.option(fc.nat(120_000), { nil: undefined }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(80_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retryAfterMs, attempt, elapsedMs, random) => {
          const rateLimited = raise({ name: 'RateLimited', mayHaveHappened: false, retryAfterMs });
          const waitMs = waitBeforeRetryMs(rateLimited, policy, { attempt, elapsedMs, random: () => random });
          const backoffMs = random * 500 * 2 ** (attempt - 1);
          const expectedMs = (retryAfterMs ?? 0) + backoffMs;
          expect(waitMs).toBe(attempt >= 3 || elapsedMs + expectedMs > 60_000 ? undefined : expectedMs);
        },
      ),
    );
  });

  it('is absent for errors that take minutes, which the workflow retries', () => {
    expect(waitBeforeRetryMs(new RelayError('RequestConflict', 'x'), policy, progress)).toBeUndefined();
    expect(waitBeforeRetryMs(new RelayError('LeaseGone', 'x'), policy, progress)).toBeUndefined();
  });
});
