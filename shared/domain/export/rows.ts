import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { LoggedEvent } from '#shared/connections/event-log.ts';
import { isUtcDate, sortableDate } from '#shared/domain/export/dates.ts';

/** Rows of exported events, and the digests that identify them. Pure. */

/** One line of a file. */
export interface Row {
  /** JSON in one line, without its end. */
  readonly line: string;
  readonly digest: Uint8Array;
}

/** The row of an event. */
interface EventRow extends Row {
  readonly place: LogPlace;
}

/** Common part of the files of a log: the day and hour of their events in UTC, or rows that could not be read. */
export const logPlaceSchema = z.union([z.literal('unreadable'), z.templateLiteral([z.string(), '/', z.string()])]);
export type LogPlace = z.infer<typeof logPlaceSchema>;

/** The place of the events of an hour, such as `2026-11-29/07`, by a date that {@link sortableDate} accepts. */
const placeOf = (date: string): LogPlace => `${date.slice(0, 10)}/${date.slice(11, 13)}`;

/**
 * Bytes of a digest. Users choose parts of their events, so it resists a search for two events with one digest: 128
 * bits need 2^64 tries.
 */
export const DIGEST_BYTES = 16;

/**
 * Sorts the keys of each object, so that equal events have equal texts. Without those that are null: a newer server
 * shows a further field in all its events, also in those that were written.
 */
const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => inner !== null)
          .toSorted(([one], [other]) => (one < other ? -1 : 1)),
      )
    : value;

/** Digest of an event with its date, or of what could not be read. Independent of the order of keys. */
const digestOf = (content: unknown): Uint8Array =>
  createHash('sha256').update(JSON.stringify(content, sortKeys)).digest().subarray(0, DIGEST_BYTES);

/** The row of an event: its date, then everything else in the order of the event. Raises `AnswerMalformed`. */
export const rowOf = ({ date, content }: LoggedEvent): EventRow => {
  sortableDate(date);
  // The date comes first, even if the event has one in another form.
  const exported = { ...{ date }, ...content, date };
  return { place: placeOf(date), line: JSON.stringify(exported), digest: digestOf(exported) };
};

/** The row of what could not be read, as it is. */
export const unreadableRowOf = (content: unknown): Row => ({
  line: JSON.stringify(content),
  digest: digestOf(content),
});

const eventSchema = z.object({ date: z.string().refine(isUtcDate) });

/** A written line. */
interface Written {
  readonly digest: Uint8Array;
  /** True for an event before the position of the cursor. */
  readonly isLate: boolean;
}

/** Reads a line of a file; undefined for anything but JSON, which the relay does not write. */
export const readLine = (line: string, place: LogPlace, position: string): Written | undefined => {
  try {
    const content: unknown = JSON.parse(line);
    const { data } = eventSchema.safeParse(content);
    const isLate = place !== 'unreadable' && data !== undefined && sortableDate(data.date) < sortableDate(position);
    return { digest: digestOf(content), isLate };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
};
