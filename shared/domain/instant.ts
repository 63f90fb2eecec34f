/**
 * Dates of other systems. Other parsers read a text without a time zone in the zone of the machine, or move the 31st of
 * February into March (source: tickets-and-rotation.md 2.4).
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const LOCAL = String.raw`(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?`;
const WITH_OFFSET = new RegExp(`^${LOCAL}(?:(Z)|([+-])(\\d{2}):?(\\d{2}))$`);
const WITHOUT_OFFSET = new RegExp(`^${LOCAL}$`);

/** Milliseconds of a local time, as if it were UTC; undefined if there is no such time in the calendar. */
const localMs = ([year, month, day, hour, minute, second = '0', fraction = '']: readonly (string | undefined)[]):
  | number
  | undefined => {
  const [y, m, d, h, min, s] = [year, month, day, hour, minute, second].map(Number);
  if (y === undefined || m === undefined || d === undefined || h === undefined || min === undefined) return undefined;
  if (h > 23 || min > 59 || s === undefined || s > 59) return undefined;
  const at = Date.UTC(y, m - 1, d, h, min, s, Number(`${fraction}000`.slice(0, 3)));
  const back = new Date(at);
  const isSame = back.getUTCFullYear() === y && back.getUTCMonth() === m - 1 && back.getUTCDate() === d;
  return isSame ? at : undefined;
};

/** Local time of a zone at an instant, as if it were UTC. */
const localAt = (format: Intl.DateTimeFormat, at: number): number => {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
};

/** The only instant with this local time in a zone; undefined if the clocks skip it or show it twice. */
const instantIn = (zone: string, local: number): number | undefined => {
  if (zone === 'UTC') return local;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const whole = Math.floor(local / 1000) * 1000;
  const offsets = [whole - DAY_MS, whole + DAY_MS].map((at) => localAt(format, at) - at);
  const instants = [...new Set(offsets.map((offset) => whole - offset))].filter((at) => localAt(format, at) === whole);
  const [only] = instants;
  return instants.length === 1 && only !== undefined ? only + (local - whole) : undefined;
};

/**
 * Parses a date with an offset, with or without a colon, or one without an offset if its zone is given. Returns epoch
 * milliseconds; undefined for any other text, for a day that does not exist, and for a local time that the clocks of
 * the zone skip or show twice. Pure.
 *
 * @param zone `UTC` or a name of the IANA time zone database. With a zone, an offset is accepted too.
 */
export const parseInstant = (text: string, zone: string | undefined): number | undefined => {
  const [, ...own] = WITH_OFFSET.exec(text) ?? [];
  if (own.length > 0) {
    const local = localMs(own);
    const [isUtc, sign, hours, minutes] = own.slice(7);
    if (local === undefined) return undefined;
    if (isUtc !== undefined) return local;
    if (Number(hours) > 14 || Number(minutes) > 59) return undefined;
    const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    return local - (sign === '-' ? -offset : offset);
  }
  const [, ...parts] = WITHOUT_OFFSET.exec(text) ?? [];
  if (parts.length === 0 || zone === undefined) return undefined;
  const local = localMs(parts);
  return local === undefined ? undefined : instantIn(zone, local);
};
