import * as z from 'zod';
import type { EventLog, EventPage, EventWindow, LoggedEvent } from '#shared/connections/event-log.ts';
import { pathOf } from '#shared/connections/secretsafe/calls.ts';
import { interpretList } from '#shared/connections/secretsafe/errors.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import { isUtcDate } from '#shared/domain/export/dates.ts';
import { parseInstant } from '#shared/domain/instant.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** The audit events of an organization. Facts: reference sra-and-secretsafe-api.md, B2 "Events". */

const DAY_MS = 86_400_000;

/** A server refuses a window of more than 367 days. */
const MAX_WINDOW_MS = 366 * DAY_MS;

const UTC_DATE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/;

const SECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length;
const MAX_FRACTION = 9;

/** Date of whole seconds and the digits of their fraction. */
const withFraction = (seconds: string, digits: string): string =>
  `${seconds}.${digits.padEnd(3, '0').slice(0, MAX_FRACTION)}Z`;

/**
 * A date in UTC with at least milliseconds; undefined for any other text. A finer one keeps its digits, which order
 * events of one millisecond.
 */
const utcDate = (text: string): string | undefined => {
  const [, seconds, fraction = ''] = UTC_DATE.exec(text) ?? [];
  if (seconds !== undefined && parseInstant(`${seconds}Z`, undefined) !== undefined) {
    return withFraction(seconds, fraction);
  }
  const instant = parseInstant(text, undefined);
  if (instant === undefined) return undefined;
  const utc = withFraction(new Date(instant).toISOString().slice(0, SECONDS_LENGTH), /\.(\d+)/.exec(text)?.[1] ?? '');
  // An offset can lead into a year of more than four digits.
  return isUtcDate(utc) ? utc : undefined;
};

const pageSchema = z.object({
  // Each row for itself, so that one of another shape does not stop the others.
  data: z.array(z.unknown()),
  continuationToken: z.string().nullish(),
});

const rowSchema = z.looseObject({ date: z.string() });

/** Undefined for a row of another shape. */
const toEvent = (row: unknown): LoggedEvent | undefined => {
  const { data: content } = rowSchema.safeParse(row);
  const date = content === undefined ? undefined : utcDate(content.date);
  return content === undefined || date === undefined ? undefined : { date, content };
};

/** Opens the event log. It remembers the tokens of one window, which it reads from its first page on. */
export const openEvents = (session: Session): EventLog => {
  const visited = new Set<string>();

  const unusable = (problem: string): RelayError =>
    new RelayError(
      'AnswerMalformed',
      `${session.connection}: the list of events ${problem}. Check any proxy in between; if there is none, the relay does not support this version of the server.`,
    );

  const page = async ({ from, to }: EventWindow, next?: string): Promise<EventPage> => {
    if (next === undefined) visited.clear();
    else visited.add(next);
    const { value } = await session.send({
      method: 'GET',
      path: pathOf('events'),
      // Without one of the two, the server ignores the other.
      query: { start: from, end: to, continuationToken: next },
      idempotent: true,
      interpret: interpretList,
      read: json(pageSchema),
    });
    // The end is null or an empty text, depending on the server.
    const following = value.continuationToken || undefined;
    if (following !== undefined && visited.has(following)) throw unusable('names a next page that it had before');
    const rows = value.data.map((row) => ({ row, event: toEvent(row) }));
    return {
      events: rows.flatMap(({ event }) => event ?? []),
      unreadable: rows.flatMap(({ row, event }) => (event === undefined ? [row] : [])),
      next: following,
    };
  };

  return { maxWindowMs: MAX_WINDOW_MS, losesTies: true, page };
};
