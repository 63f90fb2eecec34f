import type { ErrorName, RelayError } from '#shared/errors.ts';

export interface RetryPolicy {
  /** All attempts of one call, the first included. */
  readonly attempts: number;
  /** No attempt begins later than this after the first one. */
  readonly budgetMs: number;
  /** The longest first wait; each later one may be twice as long. */
  readonly baseMs: number;
}

export const RETRY_POLICY: RetryPolicy = { attempts: 3, budgetMs: 60_000, baseMs: 500 };

/** What is over soon by itself. The workflow retries more, but with minutes in between. */
const TRANSIENT: readonly ErrorName[] = ['VaultUnavailable', 'RateLimited', 'AnswerTimedOut', 'AnswerTruncated'];

/**
 * How long to wait before the same call is sent again, in milliseconds; undefined when it is not. Backs off
 * exponentially with full jitter, waits at least as long as the server asked, and never repeats what may have happened.
 */
export const waitBeforeRetryMs = (
  error: RelayError,
  { attempts, budgetMs, baseMs }: RetryPolicy,
  progress: { readonly attempt: number; readonly elapsedMs: number; readonly random: () => number },
): number | undefined => {
  if (!TRANSIENT.includes(error.name) || error.mayHaveHappened || progress.attempt >= attempts) return undefined;
  const backoffMs = progress.random() * baseMs * 2 ** (progress.attempt - 1);
  const waitMs = (error.retryAfterMs ?? 0) + backoffMs;
  return progress.elapsedMs + waitMs > budgetMs ? undefined : waitMs;
};
