const MINUTE_MS = 60_000;

/** For how long a checkout asks, as its message says it: so many minutes from the delivery on, or until a time. */
export type Window = { readonly from?: string | undefined } & (
  | { readonly minutes: number }
  | { readonly until: string }
);

/** When a window begins, in epoch milliseconds: now, or later where it says so. Pure. */
export const windowStart = ({ from }: Window, now: number): number =>
  Math.max(now, from === undefined ? now : Date.parse(from));

/** Minutes of a window that are left at a time; of one that has not begun, all of them. Not rounded, and negative once it is over. Pure. */
export const minutesLeft = (window: Window, now: number): number =>
  'until' in window ? (Date.parse(window.until) - windowStart(window, now)) / MINUTE_MS : window.minutes;

/** Whole minutes to ask a vault for, so that they last to the end of the window from now on: one at least. Pure. */
export const minutesToAskFor = (window: Window, now: number): number =>
  Math.max(1, 'until' in window ? Math.ceil((Date.parse(window.until) - now) / MINUTE_MS) : window.minutes);
