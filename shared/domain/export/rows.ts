import { createHash } from 'node:crypto';
import type { LoggedEvent } from '#shared/connections/event-log.ts';
import { type Hour, hourOf, sortableDate } from '#shared/domain/export/dates.ts';

/** Rows of exported events, and the digests that identify them. Pure. */

/** One line of a file. */
export interface Row {
  /** JSON in one line, without its end. */
  readonly line: string;
  readonly digest: Uint8Array;
}

/** The row of an event. */
export interface EventRow extends Row, Hour {
  readonly date: string;
}

/** What the files of a log have in common: the hour of their events, or rows that could not be read. */
export type LogPlace = Hour | 'unreadable';

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
  // The date comes first, also if the event has one in another form.
  const exported = { ...{ date }, ...content, date };
  return { date, ...hourOf(date), line: JSON.stringify(exported), digest: digestOf(exported) };
};

/** The row of what could not be read, as it is. */
export const unreadableRowOf = (content: unknown): Row => ({
  line: JSON.stringify(content),
  digest: digestOf(content),
});

/** Digest of a written line. Raises a SyntaxError for anything but JSON. */
export const digestOfLine = (line: string): Uint8Array => digestOf(JSON.parse(line));
