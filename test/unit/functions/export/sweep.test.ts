import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPORT_PROPERTY, exportsAll } from '#test/support/export-property.ts';
import { createExportWorld, createModelLog, type ModelEvent } from '#test/support/export-world.ts';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An event of so many milliseconds ago. */
const anEvent = (id: number | string, agoMs: number, visibleAt = 0): ModelEvent => {
  const date = new Date(NOW - agoMs).toISOString();
  return { date, content: { object: 'event', type: 1000, date, itemId: String(id) }, visibleAt };
};

/** The same with a date that cannot be read. */
const anUnreadable = (id: number | string, agoMs: number): ModelEvent => ({
  ...anEvent(id, agoMs),
  ...{ isUnreadable: true, content: { date: 'yesterday', itemId: String(id) } },
});

const aLog = (events: readonly ModelEvent[], now: () => number = () => NOW) =>
  createModelLog({ events, pageSize: 3, losesTies: true, now });

const idsOf = (lines: readonly string[]): string[] => lines.map((line) => JSON.parse(line).itemId);

describe('an export', () => {
  it('writes each event as one line, into a file of its hour and a partition of its day, in the order of time', async () => {
    const log = aLog([
      anEvent(1, 3 * HOUR_MS),
      anEvent(2, 2 * HOUR_MS),
      anEvent(3, 13 * HOUR_MS),
      anEvent(4, 2 * HOUR_MS - 5),
    ]);
    const world = createExportWorld({ log, now: () => NOW });
    expect(await world.play('1')).toMatchObject({ status: 'SUCCEEDED', exported: 4, late: 0, ageSeconds: 60 });
    expect([...world.objects.keys()].toSorted()).toEqual([
      'events/audit/day=2026-11-28/23-000000.jsonl',
      'events/audit/day=2026-11-29/09-000000.jsonl',
      'events/audit/day=2026-11-29/10-000000.jsonl',
    ]);
    expect(idsOf(world.lines())).toEqual(['3', '1', '2', '4']);
    expect(world.lines()[0]).toMatch(/^\{"date":"2026-11-28T23:00:00\.000Z",/);
    expect(world.measured).toEqual([{ counts: { exported: 4, late: 0, crowded: 0, unreadable: 0 }, ageSeconds: 60 }]);
  });

  it('reads nothing before startFromDays, and nothing of the last moment', async () => {
    const log = aLog([anEvent('old', 3 * DAY_MS), anEvent('in', HOUR_MS), anEvent('fresh', 1000)]);
    const world = createExportWorld({ log, now: () => NOW });
    await world.play('1');
    expect(idsOf(world.lines())).toEqual(['in']);
  });

  it('takes equal events for one', async () => {
    const world = createExportWorld({ log: aLog([anEvent(1, HOUR_MS), anEvent(1, HOUR_MS)]), now: () => NOW });
    expect(await world.play('1')).toMatchObject({ exported: 1 });
  });

  it('finds an event in the overlap and one in the re-sweep, and counts both as late', async () => {
    let now = NOW;
    const events = [
      anEvent('early', HOUR_MS),
      anEvent('overlap', 5 * 60_000, NOW + 1),
      anEvent('resweep', DAY_MS, NOW + 2 * HOUR_MS),
    ];
    const world = createExportWorld({ log: aLog(events, () => now), now: () => now });
    await world.play('1');
    now = NOW + HOUR_MS;
    expect(await world.play('2')).toMatchObject({ exported: 1, late: 1 });
    now = NOW + 14 * HOUR_MS;
    expect(await world.play('3')).toMatchObject({ exported: 0, late: 0 });
    // 03:00 of the next day has passed.
    now = NOW + 16 * HOUR_MS;
    expect(await world.play('4')).toMatchObject({ exported: 1, late: 1 });
    expect(new Set(idsOf(world.lines()))).toEqual(new Set(['early', 'overlap', 'resweep']));
  });

  it('says that a date has more events than the log shows', async () => {
    const world = createExportWorld({
      log: aLog([1, 2, 3, 4].map((id) => anEvent(id, HOUR_MS))),
      now: () => NOW,
    });
    expect(await world.play('1')).toMatchObject({ exported: 3, crowded: 1 });
  });

  it('is skipped while another run is active, and takes over from one that died', async () => {
    let now = NOW;
    const world = createExportWorld({ log: aLog([anEvent(1, HOUR_MS)], () => now), now: () => now });
    await world.sweep('1');
    expect(await world.play('2')).toMatchObject({ status: 'SKIPPED' });
    expect(world.measured).toEqual([{ ageSeconds: 60 }]);
    now += HOUR_MS;
    expect(await world.play('2')).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('reports all that it wrote, each row once, also if it is killed at any call', async () => {
    /** Two runs, of which the second finds late and unreadable rows, and a date with too many events. */
    const tell = async (deathAt: number, when: 'before' | 'after') => {
      let now = NOW;
      let calls = 0;
      const late = [1, 2, 3, 4].map((hours) => anEvent(`late-${hours}`, hours * HOUR_MS, NOW + 1));
      const crowd = [1, 2, 3, 4].map((id) => anEvent(`tie-${id}`, -5 * 60_000));
      const others = [anUnreadable('a', -6 * 60_000), anEvent('new', -7 * 60_000), anUnreadable('b', -70 * 60_000)];
      const events = [anEvent('first', HOUR_MS), ...late, ...crowd, ...others];
      const world = createExportWorld({
        ...{ log: aLog(events, () => now), now: () => now, rule: { overlapMinutes: 300 } },
        fate: () => (now > NOW && calls++ === deathAt ? when : 'lives'),
      });
      await world.play('1');
      now = NOW + 2 * HOUR_MS;
      const { ageSeconds: _, ...counts } = await world.play('2');
      return { counts, calls };
    };
    const { counts, calls } = await tell(-1, 'before');
    expect(counts).toMatchObject({ exported: 8, late: 4, unreadable: 2, crowded: 1 });
    for (let call = 0; call < calls; call++) {
      for (const when of ['before', 'after'] as const) {
        expect((await tell(call, when)).counts, `killed ${when} call ${call}`).toEqual(counts);
      }
    }
  });

  it('reports what a run wrote that ended without a report, in the next one and once', async () => {
    let now = NOW;
    const world = createExportWorld({ log: aLog([anEvent(1, HOUR_MS)], () => now), now: () => now });
    await world.sweep('1');
    now += HOUR_MS;
    expect(await world.play('2')).toMatchObject({ exported: 1 });
    expect(await world.report('2')).toMatchObject({ exported: 1 });
    expect(world.measured.map(({ counts }) => counts?.exported)).toEqual([1, undefined]);
    expect(await world.play('3')).toMatchObject({ exported: 0 });
  });

  it('does not move the cursor after an error, and reports its age', async () => {
    const world = createExportWorld({
      log: { ...aLog([]), page: () => Promise.reject(new Error('down')) },
      now: () => NOW,
    });
    await expect(world.sweep('1')).rejects.toThrow('down');
    const cursor = JSON.parse(world.shared.states.get('exports/audit/cursor.json')?.text ?? '').cursor;
    expect(cursor).toMatchObject({ position: '2026-11-27T12:00:00.000Z' });
  });

  it('refuses a log that repeats a token', async () => {
    const log = { ...aLog([]), page: async () => ({ events: [], unreadable: [], next: 'again' }) };
    await expect(createExportWorld({ log, now: () => NOW }).sweep('1')).rejects.toMatchObject({
      name: 'AnswerMalformed',
    });
  });

  it('writes rows that cannot be read apart, as they are and each once, and goes on', async () => {
    let now = NOW;
    const log = aLog([anEvent(1, 3 * HOUR_MS), anUnreadable('a', 2 * HOUR_MS), anEvent(2, HOUR_MS)], () => now);
    const world = createExportWorld({ log, now: () => now });
    expect(await world.play('1')).toMatchObject({ status: 'SUCCEEDED', exported: 2, unreadable: 1, ageSeconds: 60 });
    expect(idsOf(world.lines())).toEqual(['1', '2']);
    expect(world.objects.get('events/audit/unreadable/000000.jsonl')).toBe('{"date":"yesterday","itemId":"a"}\n');
    expect(world.measured[0]?.counts).toMatchObject({ unreadable: 1 });
    // The re-sweep of the next day reads all of them again.
    now = NOW + DAY_MS;
    expect(await world.play('2')).toMatchObject({ exported: 0, unreadable: 0 });
  });

  it('reads pages without any date that can be read, to their end and as far as an invocation gets', async () => {
    const rows = Array.from({ length: 120 }, (_, id) => anUnreadable(id, HOUR_MS + id * 1000));
    let questions = 0;
    const world = createExportWorld({
      ...{ log: aLog(rows), now: () => NOW },
      // An invocation that begins with the window again would not get further.
      remainingMs: () => {
        if (++questions > 1000) throw new Error('The export never ends.');
        return questions % 25 === 0 ? 0 : 900_000;
      },
    });
    expect(await world.play('1')).toMatchObject({ status: 'SUCCEEDED', unreadable: 120 });
    expect(new Set(idsOf(world.lines('unreadable'))).size).toBe(120);
    expect(world.lines('unreadable')).toHaveLength(120);
  });

  it('writes a file again under no name, although the cursor and the indexes were lost', async () => {
    const world = createExportWorld({ log: aLog([anEvent(1, HOUR_MS), anEvent(2, HOUR_MS)]), now: () => NOW });
    await world.play('1');
    world.shared.states.clear();
    world.index.clear();
    await world.play('2');
    expect(world.objects.size).toBe(1);
    expect(idsOf(world.lines()).toSorted()).toEqual(['1', '2']);
  });

  it('is stopped neither by a file that someone has damaged nor by one that someone has deleted', async () => {
    let now = NOW;
    const events = [anEvent(1, HOUR_MS), anEvent(2, HOUR_MS - 1, NOW + 1), anEvent(3, HOUR_MS - 2, NOW + DAY_MS + 1)];
    const world = createExportWorld({ log: aLog(events, () => now), now: () => now });
    const fileOf = (number: number) => `events/audit/day=2026-11-29/11-00000${number}.jsonl`;
    world.objects.set(fileOf(0), '{"date":"2026-11-29T11\n\n{"date":7}\n');
    await world.play('1');
    now += DAY_MS;
    world.index.clear();
    await world.play('2');
    expect([1, 2].map((number) => idsOf((world.objects.get(fileOf(number)) ?? '').trim().split('\n')))).toEqual([
      ['1'],
      ['2'],
    ]);
    now += DAY_MS;
    world.objects.delete(fileOf(1));
    expect(await world.play('3')).toMatchObject({ status: 'SUCCEEDED', exported: 1 });
    expect(idsOf((world.objects.get(fileOf(3)) ?? '').trim().split('\n'))).toEqual(['3']);
  });

  it('writes nothing twice if invocations overlap', async () => {
    const events = Array.from({ length: 40 }, (_, id) => anEvent(id, HOUR_MS + id * 60_000));
    const world = createExportWorld({ log: aLog(events), now: () => NOW });
    await Promise.allSettled([world.sweep('1'), world.sweep('1'), world.sweep('1')]);
    await world.play('1');
    expect(idsOf(world.lines()).toSorted()).toEqual(events.map(({ content }) => String(content['itemId'])).toSorted());
  });

  it('loses no event that is at most resweep.days late, and writes none twice, whatever call dies', async () => {
    await fc.assert(exportsAll, { ...EXPORT_PROPERTY, numRuns: 50 });
  });
});
