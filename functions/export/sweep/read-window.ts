import type { EventLog } from '#shared/connections/event-log.ts';
import type { Reading } from '#shared/domain/export/cursor.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';
import { type Asked, followPage } from '#shared/domain/export/paging.ts';
import { RelayError } from '#shared/errors.ts';
import type { Logs } from './logs.ts';

/** Pages after which the rows are written and the progress is recorded. */
const MAX_PAGES = 100;

/** Characters that are kept in memory before they are written. */
const MAX_PENDING = 4_000_000;

export interface ReadWindowOptions {
  readonly events: EventLog;
  readonly logs: Logs;
  /** False once the time is used up. */
  readonly hasTime: () => boolean;
  /** Called after rows were written. */
  readonly onProgress: (progress: Progress) => Promise<void>;
}

interface Progress {
  /** Date to which the window is written, from its end; undefined if it is written as a whole. */
  readonly rest: string | undefined;
  /** Dates after it, and since the last progress, of which events can be missing. */
  readonly crowded: number;
}

/**
 * Reads what is left of a window, from its end to its beginning, and writes it. Returns false if the time was used up
 * first. Nothing is kept of a token: another invocation continues with a window that ends at the oldest event.
 */
export const readWindow = async (
  { from, rest: to }: Pick<Reading, 'from' | 'rest'>,
  { events, logs, hasTime, onProgress }: ReadWindowOptions,
): Promise<boolean> => {
  let asked: readonly Asked[] = [{ window: { from, to } }];
  let rest: string | undefined;
  let tokens = new Set<string>();
  /** Not counted before they are passed, because another invocation would read them again. */
  const crowded = new Set<string>();
  const keep = async (): Promise<void> => {
    await logs.settle();
    if (rest === undefined) return;
    const limit = sortableDate(rest);
    const passed = [...crowded].filter((date) => date > limit);
    for (const date of passed) crowded.delete(date);
    await onProgress({ rest, crowded: passed.length });
  };
  for (let pages = 1; ; pages++) {
    const [call, ...others]: readonly Asked[] = asked;
    if (call === undefined) break;
    const page = await pageOr(() => events.page(call.window, call.token), keep);
    await logs.add(page);
    const followed = followPage(page, call, events.losesTies);
    rest = followed.rest ?? rest;
    if (followed.isCrowded) crowded.add(sortableDate(call.window.to));
    asked = [...followed.next, ...others];
    if (asked[0] === undefined) break;
    tokens = guardTokens(asked[0], tokens);
    const isLate = !hasTime();
    if (pages % MAX_PAGES === 0 || logs.pending > MAX_PENDING || isLate) {
      await keep();
    }
    if (isLate) return false;
  }
  await logs.settle();
  await onProgress({ rest: undefined, crowded: crowded.size });
  return true;
};

/** Reads a page. What was read before is kept, even if this one fails, so that a busy connection makes progress. */
const pageOr = async <T>(read: () => Promise<T>, keep: () => Promise<void>): Promise<T> => {
  try {
    return await read();
  } catch (thrown) {
    await keep();
    throw thrown;
  }
};

/** Tokens of one window. A log that repeats one would never end. */
const guardTokens = ({ token }: Asked, tokens: Set<string>): Set<string> => {
  if (token === undefined) return new Set();
  if (tokens.has(token)) {
    throw new RelayError(
      'AnswerMalformed',
      'The event log continues with a page that it has shown already. Nothing after it can be read. Report it with the run id.',
    );
  }
  return tokens.add(token);
};
