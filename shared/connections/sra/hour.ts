import { RelayError } from '#shared/errors.ts';
import type { AnswerHeaders } from '#shared/http/exchange.ts';

/** Calls that the site allows an API account in an hour. It does not show when the hour ends. */

/** A reading is used for this long, because other functions make calls as well, and the hour can end. */
const FRESH_MS = 60_000;

/** Part of the hour that is kept for check-ins. */
const RESERVED = 0.05;

/** Documented limit, if an answer shows only the rest. */
const DEFAULT_LIMIT = 15_000;

/** One call to check an account out, and one to check it in. */
const CALLS_PER_ITEM = 2;

interface Reading {
  readonly limit: number;
  readonly remaining: number;
  readonly atMs: number;
}

/** The rest of the hour, as the last answer showed it. */
export interface Hour {
  /** Takes note of the headers of any answer. */
  note(headers: AnswerHeaders): void;
  /** True if there is a recent reading. */
  isKnown(): boolean;
  /** Raises `LimitReached` if a recent reading shows that so many items cannot be opened and closed any more. */
  require(items: number): void;
}

const countIn = (headers: AnswerHeaders, name: string): number | undefined => {
  const [text = ''] = [headers[name]].flat();
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
};

/** Calls left in the hour, from the headers of an answer; undefined if they do not show it. */
export const remainingIn = (headers: AnswerHeaders): number | undefined => countIn(headers, 'x-ratelimit-remaining');

/** Creates the record of one API account in this process. */
export const createHour = (connection: string, now: () => number): Hour => {
  let last: Reading | undefined;

  const recent = (): Reading | undefined => {
    const ageMs = last === undefined ? Number.POSITIVE_INFINITY : now() - last.atMs;
    return ageMs >= 0 && ageMs < FRESH_MS ? last : undefined;
  };

  return {
    note(headers) {
      const remaining = remainingIn(headers);
      if (remaining === undefined) return;
      last = { limit: countIn(headers, 'x-ratelimit-limit') ?? DEFAULT_LIMIT, remaining, atMs: now() };
    },

    isKnown: () => recent() !== undefined,

    require(items) {
      const reading = recent();
      if (reading === undefined) return;
      const { limit, remaining } = reading;
      if (remaining >= CALLS_PER_ITEM * items + limit * RESERVED) return;
      throw new RelayError(
        'LimitReached',
        `${connection}: the site allows an API account ${limit} calls an hour, and ${remaining} remain, which is too few to check out and check in ${items <= 1 ? 'one more account' : `${items} accounts`}. The run continues when the hour is over. If this persists, sync less often, and check that no other program uses the API account.`,
      );
    },
  };
};
