import type { ErrorName, RelayError } from '#shared/errors.ts';

export interface RetryPolicy {
  /** Maximum number of attempts of one call, including the first. */
  readonly attempts: number;
  /** No attempt begins later than this after the first. */
  readonly budgetMs: number;
  /** Maximum first wait; the maximum doubles with each later one. */
  readonly baseMs: number;
}

export const RETRY_POLICY: RetryPolicy = { attempts: 3, budgetMs: 60_000, baseMs: 500 };

/** Errors that usually end within seconds. The workflow retries more errors, minutes apart. */
const TRANSIENT: readonly ErrorName[] = [
  'VaultUnavailable',
  'StoreUnavailable',
  'TicketSystemUnavailable',
  'RateLimited',
  'AnswerTimedOut',
  'AnswerTruncated',
];

/**
 * Wait before the same call is sent again, in milliseconds; undefined if it is not repeated. Backs off exponentially
 * with full jitter, waits at least as long as the server asked, and never repeats a call that may have taken effect.
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
