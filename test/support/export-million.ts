/**
 * Exports many events in a process of its own, and prints its figures as one JSON line. The events are computed, not
 * kept; a file is checked when it is created, and only the marks of its rows stay in memory.
 *
 * @example node test/support/export-million.ts 1000000 0.002 7
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { EventLog } from '#shared/connections/event-log.ts';
import type { Records } from '#shared/records/records.ts';
import { createExportWorld, type Fate } from '#test/support/export-world.ts';

const [count = 0, deathRate = 0, seed = 1] = process.argv.slice(2).map(Number);

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const SPAN_MS = 20 * 86_400_000;
/** One tenth of all events are in one hour. */
const DENSE_FROM = NOW - 5 * 86_400_000;
const HOUR_MS = 3_600_000;
const dense = Math.floor(count / 10);
const PAGE = 50;

/** Date of an event in milliseconds. It grows with the number of the event. */
const before = Math.floor(((count - dense) * (SPAN_MS - 5 * 86_400_000 - HOUR_MS)) / SPAN_MS);
const timeOf = (id: number): number => {
  if (id < before) return NOW - SPAN_MS + Math.floor((id * (DENSE_FROM - (NOW - SPAN_MS))) / Math.max(1, before));
  if (id < before + dense) return DENSE_FROM + Math.floor(((id - before) * HOUR_MS) / Math.max(1, dense));
  const rest = count - before - dense;
  const start = DENSE_FROM + HOUR_MS;
  return start + Math.floor(((id - before - dense) * (NOW - HOUR_MS - start)) / Math.max(1, rest));
};

/** Number of events that are not later than a time. */
const countUntil = (ms: number): number => {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (timeOf(middle) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
};

const log: EventLog = {
  maxWindowMs: 366 * 86_400_000,
  losesTies: true,
  async page({ from, to }, next) {
    await setImmediate();
    const end = next === undefined ? countUntil(Date.parse(to)) : countUntil(Number(next) - 1);
    const start = countUntil(Date.parse(from) - 1);
    const ids = Array.from({ length: Math.min(PAGE, Math.max(0, end - start)) }, (_, index) => end - 1 - index);
    const last = ids.at(-1);
    return {
      events: ids.map((id) => {
        const date = new Date(timeOf(id)).toISOString();
        return {
          date,
          content: { object: 'event', type: 1000, date, id, actingUserId: `user-${id % 5000}`, ipAddress: '192.0.2.7' },
        };
      }),
      unreadable: [],
      ...(last !== undefined && last > start && { next: String(timeOf(last)) }),
    };
  },
};

let random = seed;
/** Park and Miller's generator: the same deaths for a seed. */
const nextRandom = (): number => {
  random = (random * 48_271) % 2_147_483_647;
  return random / 2_147_483_647;
};
let deaths = 0;
const fate: Fate = () => {
  if (nextRandom() >= deathRate) return 'lives';
  deaths++;
  return nextRandom() < 0.5 ? 'before' : 'after';
};

const written = new Uint8Array(count);
let twice = 0;
/** Lines of the latest files, which a repeated invocation reads. */
const latest = new Map<string, string>();
const numbers = new Map<string, number>();

const files = {
  async create(key: string, lines: string): Promise<boolean> {
    const [hour = '', number = '0'] = key.replace('.jsonl', '').split(/-(?=\d{6}$)/);
    const next = numbers.get(hour) ?? 0;
    if (Number(number) < next) return false;
    if (Number(number) > next) throw new Error(`The files of ${hour} have a gap.`);
    numbers.set(hour, next + 1);
    latest.set(key, lines);
    for (const line of lines.split('\n')) {
      if (line === '') continue;
      const { id } = JSON.parse(line);
      twice += written[id] ?? 0;
      written[id] = 1;
    }
    const [oldest] = latest.keys();
    if (latest.size > 8 && oldest !== undefined) latest.delete(oldest);
    return true;
  },
  read: async (key: string) => latest.get(key),
};

/** The index of digests, which belongs to the bucket and not to the process. */
const directory = mkdtempSync(join(tmpdir(), 'export-million-'));
const pathOf = (key: string): string => join(directory, key.replaceAll('/', '_'));
const records: Pick<Records, 'read' | 'write'> = {
  async read({ key, schema }) {
    const path = pathOf(key);
    return existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  },
  async write({ key }, record) {
    writeFileSync(pathOf(key), JSON.stringify(record));
  },
};

let questions = 0;
const world = createExportWorld({
  ...{ log, fate, files, records, now: () => NOW, rule: { startFromDays: 21 } },
  // An invocation ends after some thousand pages.
  remainingMs: () => (++questions % 3000 === 0 ? 0 : 900_000),
});

let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const startedAt = performance.now();
const { exported } = await world.play('1');
clearInterval(watch);
rmSync(directory, { recursive: true });
peak = Math.max(peak, process.memoryUsage.rss());
process.stdout.write(
  JSON.stringify({
    ...{ exported, twice, deaths, seconds: (performance.now() - startedAt) / 1000 },
    lost: count - written.reduce((sum, mark) => sum + mark, 0),
    megabytes: Math.round(peak / 1_000_000),
    hours: numbers.size,
  }),
);
