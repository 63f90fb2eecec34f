/**
 * Time zones of schedules. EventBridge Scheduler accepts the names of the IANA time zone database. `Intl` knows the
 * same names, including old ones, but also accepts offsets and any case, which Scheduler does not document.
 */

/** A moment at which the clocks of a zone change. */
export interface Transition {
  /** Minutes of local time since 1970, at which the clocks change. */
  readonly localMinute: number;
  /** Minutes by which they go forward, or, if negative, back. */
  readonly shift: number;
}

/** Built on first use: the list takes 15 ms of a cold start. */
let canonicalNames: ReadonlySet<string> | undefined;

const resolveName = (zone: string): string | undefined => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
};

/** Names of three letters in the database, in `backward` and `etcetera`. */
const SHORT_NAMES = new Set([
  'CET',
  'EET',
  'EST',
  'GMT',
  'HST',
  'MET',
  'MST',
  'PRC',
  'ROC',
  'ROK',
  'UCT',
  'UTC',
  'WET',
]);

/** Names that `Intl` adds to the database, and those that were removed from it. */
const isOfLibraryOnly = (zone: string): boolean =>
  /^(?:SystemV\/.*|US\/Pacific-New|Canada\/East-Saskatchewan)$/i.test(zone) ||
  (zone.length === 3 && !SHORT_NAMES.has(zone.toUpperCase()));

/**
 * Returns the name of a time zone as the database spells it. Undefined if it is not in the database. Offsets such as
 * `+02:00` are not names. Pure.
 */
export const timeZoneName = (zone: string): string | undefined => {
  if (zone === 'UTC') return zone;
  canonicalNames ??= new Set(Intl.supportedValuesOf('timeZone'));
  if (canonicalNames.has(zone)) return zone;
  if (!/^[a-z]/i.test(zone) || isOfLibraryOnly(zone)) return undefined;
  const resolved = resolveName(zone);
  if (resolved === undefined) return undefined;
  // An old name, such as US/Eastern, resolves to another one, but is valid itself. In lower case it is not.
  const isOnlyAnotherCase = resolved.toLowerCase() === zone.toLowerCase();
  return isOnlyAnotherCase || zone === zone.toLowerCase() ? resolved : zone;
};

const GENERAL = 'use a name from the IANA time zone database, such as Europe/Vienna';

/** Advice for a time zone that has no name. Names of the form Etc/GMT-2 have the opposite sign of an offset. Pure. */
export const timeZoneAdvice = (zone: string): string => {
  const [, sign, hours] = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?$/i.exec(zone) ?? [];
  const hour = Number(hours);
  if (hours === undefined || hour > (sign === '+' ? 14 : 12)) return GENERAL;
  const fixed = hour === 0 ? 'UTC' : `Etc/GMT${sign === '+' ? '-' : '+'}${hour}`;
  return `${GENERAL}; an offset is not a name: for a zone without daylight saving time, write ${fixed}`;
};

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
/** The rules of a zone rarely change, so the transitions of these years show all cases, including movable ones. */
const FROM_MS = Date.UTC(2026, 0, 1);
const TO_MS = Date.UTC(2036, 0, 1);

/** Reads the offset of a zone from UTC in minutes. */
const offsetReader = (zone: string): ((at: number) => number) => {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  };
};

/** First minute with another offset, between two instants of different offsets. */
const bisect = (from: number, to: number, offsetAt: (at: number) => number): number => {
  if (to - from <= MINUTE_MS) return to;
  const middle = from + Math.floor((to - from) / 2 / MINUTE_MS) * MINUTE_MS;
  return offsetAt(middle) === offsetAt(from) ? bisect(middle, to, offsetAt) : bisect(from, middle, offsetAt);
};

const findTransitions = (zone: string): Transition[] => {
  const offsetAt = offsetReader(zone);
  const found: Transition[] = [];
  for (let at = FROM_MS; at < TO_MS; at += WEEK_MS) {
    const before = offsetAt(at);
    const shift = offsetAt(at + WEEK_MS) - before;
    if (shift === 0) continue;
    found.push({ localMinute: bisect(at, at + WEEK_MS, offsetAt) / MINUTE_MS + before, shift });
  }
  return found;
};

const known = new Map<string, readonly Transition[]>();

/** Returns the changes of a zone's clocks over ten years, in order. Expects a valid name. Pure. */
export const transitionsOf = (zone: string): readonly Transition[] => {
  const transitions = known.get(zone) ?? (zone === 'UTC' ? [] : findTransitions(zone));
  known.set(zone, transitions);
  return transitions;
};
