import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { createExportWorld, createModelLog, type Fate, type ModelEvent } from '#test/support/export-world.ts';

/**
 * The promise of an export, over a server with random dates, late events, ties at the edges of pages, both kinds of
 * tokens and empty pages, while calls die, time runs out and runs are missed.
 */

const START = Date.parse('2026-11-20T00:00:00.000Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A run is played each hour or so for this long. */
const HOURS = 60;

const RESWEEP_DAYS = 3;

const event = fc.record({
  /** Few values, so that there are ties. */
  hour: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(3, 4) }, fc.integer({ min: -30, max: HOURS })),
  minute: fc.constantFrom(0, 30, 31, 58, 59),
  ticks: fc.constantFrom('000', '0000000', '0000001', '9999999'),
  who: fc.integer({ min: 0, max: 9 }),
  isUnreadable: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  lateMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    fc.constantFrom(30_000, 90_000, 5 * MINUTE_MS, 2 * HOUR_MS, DAY_MS, RESWEEP_DAYS * DAY_MS),
  ),
});

const story = fc.record({
  events: fc.array(event, { maxLength: 80, size: 'max' }),
  pageSize: fc.integer({ min: 4, max: 9 }),
  losesTies: fc.boolean(),
  emptyEvery: fc.constantFrom(0, 2, 5),
  /** Hours in which a run is started. */
  starts: fc.array(fc.oneof(fc.constantFrom(4, 5), fc.integer({ min: 0, max: HOURS })), { maxLength: 12 }),
  /** Calls that live before each death. */
  deaths: fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.boolean()), { maxLength: 12 }),
  /** Questions for the time that are answered before it is used up. */
  patience: fc.array(fc.integer({ min: 2, max: 12 }), { maxLength: 8 }),
});

const MILLISECOND_LENGTH = 'YYYY-MM-DDTHH:MM:SS.sss'.length;

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const eventsOf = ({ events, pageSize, losesTies }: Story): ModelEvent[] => {
  const ofDate = new Map<string, number>();
  const told = events.flatMap(({ hour, minute, ticks, who, lateMs, isUnreadable }) => {
    const at = START + hour * HOUR_MS + minute * MINUTE_MS;
    const date = `${new Date(at).toISOString().slice(0, 19)}.${ticks}Z`;
    const moment = date.replace(/0*Z$/, '');
    const ties = (ofDate.get(moment) ?? 0) + 1;
    ofDate.set(moment, ties);
    // A page full of one date is the limit of such a log.
    if (losesTies && ties >= pageSize) return [];
    const shown = isUnreadable ? { form: 'unknown', date: date.slice(0, 10) } : { type: 1000, date };
    return [{ date, content: { ...shown, actingUserId: `user-${who}` }, visibleAt: at + lateMs, isUnreadable }];
  });
  // With a row that cannot be read, a page full of one millisecond is the limit.
  const inMillisecond = Map.groupBy(told, ({ date }) => date.slice(0, MILLISECOND_LENGTH));
  return told.filter(
    ({ date, isUnreadable }) =>
      !isUnreadable || (inMillisecond.get(date.slice(0, MILLISECOND_LENGTH))?.length ?? 0) < pageSize,
  );
};

const fateOf = (deaths: Story['deaths'], onDeath: () => void): Fate => {
  const left = deaths.map(([calls, isBefore]) => ({ calls, isBefore }));
  return () => {
    const [next] = left;
    if (next === undefined || next.calls-- > 0) return 'lives';
    left.shift();
    onDeath();
    return next.isBefore ? 'before' : 'after';
  };
};

/** Time that is used up after so many questions, and is enough once the list has ended. */
const timeOf = (patience: Story['patience']): (() => number) => {
  const left = [...patience];
  let asked = 0;
  return () => {
    const [limit] = left;
    if (limit === undefined || ++asked < limit) return 900_000;
    left.shift();
    asked = 0;
    return 0;
  };
};

const compare = (written: readonly string[], wanted: ReadonlySet<string>): void => {
  const twice = written.filter((line, index) => written.indexOf(line) !== index);
  if (twice.length > 0) throw new Error(`Written twice: ${twice.join(' ')}`);
  const lost = [...wanted].filter((line) => !written.includes(line));
  if (lost.length > 0) throw new Error(`Lost: ${lost.join(' ')}`);
  const invented = written.filter((line) => !wanted.has(line));
  if (invented.length > 0) throw new Error(`Invented: ${invented.join(' ')}`);
};

export const exportsAll = fc.asyncProperty(story, async (told) => {
  const events = eventsOf(told);
  let now = START;
  const log = createModelLog({ ...told, events, now: () => now });
  const world = createExportWorld({
    ...{ log, now: () => now, remainingMs: timeOf(told.patience) },
    // The server shows more when the step is repeated.
    fate: fateOf(told.deaths, () => {
      now += 45_000;
    }),
    rule: { startFromDays: 2, resweep: { days: RESWEEP_DAYS } },
  });
  // The last runs come after the last event could be seen, with a re-sweep after that.
  const hours = [0, ...told.starts.toSorted((one, other) => one - other), HOURS + 24 * RESWEEP_DAYS + 1];
  let position = START;
  const reported = { exported: 0, unreadable: 0 };
  for (const hour of [...hours, (hours.at(-1) ?? 0) + 30]) {
    now = Math.max(now, START + hour * HOUR_MS);
    const { exported, unreadable } = await world.play(`at-${hour}`);
    reported.exported += exported;
    reported.unreadable += unreadable;
    const record = JSON.parse(world.shared.states.get('exports/audit/cursor.json')?.text ?? '{}');
    const moved = Date.parse(record.cursor.position);
    if (moved < position && hour > 0) throw new Error('The cursor moved back.');
    position = moved;
  }
  // The texts of equal events are equal here, and equal events are one.
  const readable = events.filter(({ isUnreadable }) => !isUnreadable);
  compare(
    world.lines(),
    new Set(readable.map(({ date, content }) => JSON.stringify({ ...{ date }, ...content, date }))),
  );
  const others = events.filter(({ isUnreadable }) => isUnreadable);
  compare(world.lines('unreadable'), new Set(others.map(({ content }) => JSON.stringify(content))));
  const written = { exported: world.lines().length, unreadable: world.lines('unreadable').length };
  if (!isDeepStrictEqual(reported, written)) {
    throw new Error(`Reported: ${JSON.stringify(reported)} of ${JSON.stringify(written)}.`);
  }
});

/** Found by the property, once. */
export const EXPORT_PROPERTY = { seed: 20_261_129 } as const;
