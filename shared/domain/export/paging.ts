import type { EventPage, EventWindow } from '#shared/connections/event-log.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';

/** The call that follows a page. Pure. */

/** One call: the rest of a window, or a page that continues it. */
export interface Asked {
  readonly window: EventWindow;
  readonly token?: string;
}

export interface Followed {
  /** Undefined at the end of the window. */
  readonly next: Asked | undefined;
  /** Date down to which the window is read now; undefined if the page did not get further. */
  readonly rest: string | undefined;
  /** True if all events of the page have one date, and the log can omit others with this date. */
  readonly isCrowded: boolean;
}

/** Date of the oldest event, if the page is in order and got further into the window. */
const oldestIn = ({ events }: EventPage, { from, to }: EventWindow): string | undefined => {
  const dates = events.map(({ date }) => sortableDate(date));
  const isInOrder = dates.every((date, index) => index === 0 || date <= (dates[index - 1] ?? date));
  const oldest = events.at(-1)?.date;
  if (oldest === undefined || !isInOrder) return undefined;
  const at = sortableDate(oldest);
  return at >= sortableDate(from) && at < sortableDate(to) ? oldest : undefined;
};

/**
 * Follows a page. A log that can omit events with the date of the last one is asked for a new window that ends with
 * that date, and shows these events once more. It is asked with the token only if the page got no further.
 */
export const followPage = (page: EventPage, { window }: Asked, losesTies: boolean): Followed => {
  const rest = oldestIn(page, window);
  const { events, next: token } = page;
  const isOneDate = new Set(events.map(({ date }) => sortableDate(date))).size === 1;
  if (token === undefined) return { next: undefined, rest, isCrowded: false };
  return {
    next: losesTies && rest !== undefined ? { window: { from: window.from, to: rest } } : { window, token },
    rest,
    isCrowded: losesTies && rest === undefined && isOneDate && events.length > 1,
  };
};
