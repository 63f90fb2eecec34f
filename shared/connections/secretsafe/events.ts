import * as z from 'zod';
import type { EventLog, EventPage, EventWindow, LoggedEvent } from '#shared/connections/event-log.ts';
import { pathOf } from '#shared/connections/secretsafe/calls.ts';
import { interpretList } from '#shared/connections/secretsafe/errors.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
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

/** A date with at least milliseconds. A finer one keeps its digits, which order events of one millisecond. */
const date = z.string().transform((text, context): string => {
  const [, seconds, fraction = ''] = UTC_DATE.exec(text) ?? [];
  if (seconds !== undefined && parseInstant(`${seconds}Z`, undefined) !== undefined) {
    return withFraction(seconds, fraction);
  }
  const instant = parseInstant(text, undefined);
  if (instant !== undefined) {
    return withFraction(new Date(instant).toISOString().slice(0, SECONDS_LENGTH), /\.(\d+)/.exec(text)?.[1] ?? '');
  }
  context.addIssue({ code: 'custom', message: 'found a date in another format' });
  return z.NEVER;
});

const pageSchema = z.object({
  data: z.array(z.looseObject({ date: z.string() })),
  continuationToken: z.string().nullish(),
});
type EventRow = z.output<typeof pageSchema>['data'][number];

const dated = z.looseObject({ date });

/** Opens the event log. It remembers the tokens of one window, which it reads from its first page on. */
export const openEvents = (session: Session): EventLog => {
  const visited = new Set<string>();

  const toEvent = (row: EventRow): LoggedEvent => {
    const { data } = dated.safeParse(row);
    if (data !== undefined) return { date: data.date, content: row };
    throw unusable('has an event with a date in an unknown format');
  };
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
    return { events: value.data.map(toEvent), next: following };
  };

  return { maxWindowMs: MAX_WINDOW_MS, losesTies: true, page };
};
