const MINUTE_MS = 60_000;

/** Window that the message of a checkout requests: a number of minutes after the delivery, or until a time. */
export type Window = { readonly from?: string | undefined } & (
  | { readonly minutes: number }
  | { readonly until: string }
);

/** Start of a window in epoch milliseconds: its `from`, but not before now. Pure. */
export const windowStart = ({ from }: Window, now: number): number =>
  Math.max(now, from === undefined ? now : Date.parse(from));

/** Minutes left in a window; all of them before it begins. Not rounded, and negative after it has ended. Pure. */
export const minutesLeft = (window: Window, now: number): number =>
  'until' in window ? (Date.parse(window.until) - windowStart(window, now)) / MINUTE_MS : window.minutes;

/**
 * True if a window with an end time has ended, including its extension. A window in minutes begins with the delivery.
 * Pure.
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

/** Whole minutes to request from a vault now to cover the rest of the window; at least one. Pure. */
export const minutesToRequest = (window: Window, now: number): number =>
  Math.max(1, 'until' in window ? Math.ceil((Date.parse(window.until) - now) / MINUTE_MS) : window.minutes);
