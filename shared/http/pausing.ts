import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { Http } from '#shared/http/http.ts';
import type { Pause } from '#shared/limits/pause.ts';

const THROTTLED: readonly ErrorName[] = ['RateLimited', 'LimitReached'];

/** A shorter wait is over when the workflow repeats the step. */
const MIN_PAUSE_MS = 10_000;

const waitAskedBy = (error: unknown): number =>
  error instanceof RelayError && THROTTLED.includes(error.name) ? (error.retryAfterMs ?? 0) : 0;

/**
 * The same API, whose calls stop for all functions if the server asks for a longer wait than a call can take. Such a
 * call raises `LimitReached` instead of its own error, so that the workflow waits and nothing is repeated too early.
 */
export const pausing = (http: Http, { begin }: Pick<Pause, 'begin'>): Http => ({
  close: http.close,
  async send(call) {
    try {
      return await http.send(call);
    } catch (error) {
      const waitMs = waitAskedBy(error);
      throw waitMs < MIN_PAUSE_MS ? error : await begin(waitMs);
    }
  },
});
