import type { EventPage, EventWindow } from '#shared/connections/event-log.ts';
import { middleDate, sortableDate } from '#shared/domain/export/dates.ts';

/** The calls that follow a page. Pure. */

/** One call: the rest of a window, or a page that continues it. */
export interface Asked {
  readonly window: EventWindow;
  readonly token?: string;
}

export interface Followed {
  /** Calls for the rest of the window, the latest dates first. None at its end. */
  readonly next: readonly Asked[];
  /** Date down to which the window is read now; undefined if the page did not get further. */
  readonly rest: string | undefined;
  /** True if the dates of the page cannot be told apart, and the log can omit others with the last one. */
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

/** The two halves of a window that a page without a usable date begins; undefined for a window of a moment. */
const halvesOf = ({ unreadable }: EventPage, { from, to }: EventWindow): readonly Asked[] | undefined => {
  const middle = unreadable.length > 0 ? middleDate(from, to) : undefined;
  return middle === undefined ? undefined : [{ window: { from: middle, to } }, { window: { from, to: middle } }];
};

/**
 * Follows a page. A log that can omit events with the date of the last one is asked for a new window that ends with
 * that date, and shows these events once more. If only unreadable rows got further, the window is halved until the
 * server's own dates bound them. The token is used only if neither is possible.
 */
export const followPage = (page: EventPage, { window }: Asked, losesTies: boolean): Followed => {
  const { events, unreadable, next: token } = page;
  if (token === undefined) return { next: [], rest: window.from, isCrowded: false };
  const rest = oldestIn(page, window);
  if (rest !== undefined) {
    return {
      next: [losesTies ? { window: { from: window.from, to: rest } } : { window, token }],
      rest,
      isCrowded: false,
    };
  }
  const halves = halvesOf(page, window);
  if (halves !== undefined) return { next: halves, rest, isCrowded: false };
  const dates = new Set(events.map(({ date }) => sortableDate(date)));
  return {
    next: [{ window, token }],
    rest,
    isCrowded: losesTies && dates.size <= 1 && events.length + unreadable.length > 1,
  };
};
