const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Window that the message of a checkout requests: a number of minutes after the delivery, or until a time. */
export type Window = { readonly from?: string | undefined } & (
  | { readonly minutes: number }
  | { readonly until: string }
);

/**
 * Latest start of a window. Together with the longest approval, window and extension, it stays below a year, the limit
 * of an execution.
 */
export const MAX_LEAD_DAYS = 60;

/** True if a window begins too late for one execution to wait for it. Pure. */
export const isTooFarAhead = (fromMs: number, now: number): boolean => fromMs > now + MAX_LEAD_DAYS * DAY_MS;

/** Ends that messages have set after the request, in epoch milliseconds. */
export interface SetEnds {
  /** The latest extension. */
  readonly extendedUntil?: number | undefined;
  /** The end with the highest position. It can be earlier than the requested one, and overrides extensions. */
  readonly endsAt?: number | undefined;
}

/** End of a window with the ends that messages have set, as far as the rule lets it be extended. Pure. */
export const endWith = (asked: number, { extendedUntil, endsAt }: SetEnds, maxExtensionMs: number): number => {
  const latest = asked + maxExtensionMs;
  return endsAt === undefined ? Math.max(asked, Math.min(extendedUntil ?? asked, latest)) : Math.min(endsAt, latest);
};

/** Start of a window in epoch milliseconds: its `from`, but not before now. Pure. */
export const windowStart = ({ from }: Window, now: number): number =>
  Math.max(now, from === undefined ? now : Date.parse(from));

/** Minutes left in a window; all of them before it begins. Not rounded, and negative after it has ended. Pure. */
export const minutesLeft = (window: Window, now: number): number =>
  'until' in window ? (Date.parse(window.until) - windowStart(window, now)) / MINUTE_MS : window.minutes;

/**
 * True if a window with an end time has ended, including its extension. A window in minutes begins with the delivery,
 * and ends before it only at an end that was set. Pure.
 */
export const isPast = (window: Window, now: number, ends: SetEnds, maxExtensionMs: number): boolean =>
  'until' in window
    ? now >= endWith(Date.parse(window.until), ends, maxExtensionMs)
    : now >= (ends.endsAt ?? Number.POSITIVE_INFINITY);

/** Whole minutes to request from a vault now to cover the rest of the window; at least one. Pure. */
export const minutesToRequest = (window: Window, now: number): number =>
  Math.max(1, 'until' in window ? Math.ceil((Date.parse(window.until) - now) / MINUTE_MS) : window.minutes);
