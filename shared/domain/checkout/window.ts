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

/**
 * True once a window that ends at a time has ended, as far as it was extended. One of so many minutes begins with the
 * delivery. Pure.
 */
export const isPast = (
  window: Window,
  now: number,
  extendedUntil: number | undefined,
  maxExtensionMs: number,
): boolean => {
  if (!('until' in window)) return false;
  const until = Date.parse(window.until);
  return now >= Math.max(until, Math.min(extendedUntil ?? until, until + maxExtensionMs));
};

/** Whole minutes to ask a vault for, so that they last to the end of the window from now on: one at least. Pure. */
export const minutesToAskFor = (window: Window, now: number): number =>
  Math.max(1, 'until' in window ? Math.ceil((Date.parse(window.until) - now) / MINUTE_MS) : window.minutes);
