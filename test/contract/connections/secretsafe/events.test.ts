import { describe, expect, it } from 'vitest';
import type { SecretSafeOptions } from '#local/simulators/secretsafe/server.ts';
import type { EventLog } from '#shared/connections/event-log.ts';
import { openRelaySite } from './relay-site.ts';

type Switches = NonNullable<SecretSafeOptions['switches']>;

const WINDOW = { from: '2026-03-01T10:00:00.000Z', to: '2026-03-01T11:00:00.000Z' };
const START_MS = Date.parse(WINDOW.from);
const COUNT = 120;

const siteWith = async (switches: Switches = {}) => {
  const site = await openRelaySite({ site: { switches } });
  site.simulator.addEvents(
    ...Array.from({ length: COUNT }, (_, index) => ({ type: 1000 + (index % 7), date: START_MS + index * 1000 })),
    { type: 1, date: START_MS - 1 },
    { type: 2, date: START_MS + 3_600_001 },
  );
  return site;
};

const readAll = async (log: EventLog) => {
  const dates: string[] = [];
  let pages = 0;
  let next: string | undefined;
  do {
    const page = await log.page(WINDOW, next);
    dates.push(...page.events.map(({ date }) => date));
    next = page.next;
    pages += 1;
  } while (next !== undefined);
  return { dates, pages };
};

describe('the event log', () => {
  it.each<[string, Switches]>([
    ['that ends with null', {}],
    ['that ends with an empty text', { lastToken: 'empty' }],
    ['that ends with an empty page', { emptyPages: 'at-end' }],
    ['with empty pages in between', { emptyPages: 'between', eventTokens: 'position' }],
  ])('shows each event of a window once, newest first, on a server %s', async (_what, switches) => {
    const { inSession } = await siteWith(switches);
    const { dates, pages } = await inSession((session) => readAll(session.events));
    expect(dates).toHaveLength(COUNT);
    expect(new Set(dates).size).toBe(COUNT);
    expect(dates).toEqual(dates.toSorted().toReversed());
    expect(pages).toBeGreaterThanOrEqual(3);
  });

  it('returns an event as the server shows it, with a date in UTC', async () => {
    const { inSession } = await siteWith();
    const { events } = await inSession((session) => session.events.page(WINDOW));
    expect(events[0]?.date).toMatch(/^2026-03-01T10:01:59\.\d{3,}Z$/);
    expect(events[0]?.content).toMatchObject({ object: 'event', type: 1000 + ((COUNT - 1) % 7), actingUserId: null });
  });

  it('refuses a page that leads back to itself', async () => {
    const { simulator, inSession } = await siteWith();
    const body = JSON.stringify({ object: 'list', data: [], continuationToken: 'again' });
    simulator.faults.add({ kind: 'events', times: 9, effect: { type: 'status', status: 200, body } });
    const reading = inSession((session) => readAll(session.events));
    await expect(reading).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });

  it('returns a row of another shape apart from the others, as the server shows it', async () => {
    const { simulator, inSession } = await siteWith();
    const rows = [
      null,
      42,
      [],
      {},
      { date: null },
      { date: 'yesterday', type: 1 },
      { date: '9999-12-31T23:59:59-05:00' },
    ];
    const value = { data: [{ date: '2026-03-01T10:30:00.5+01:00', type: 1000 }, ...rows] };
    simulator.faults.add({ kind: 'events', effect: { type: 'wrong-shape', value } });
    const page = await inSession((session) => session.events.page(WINDOW));
    expect(page.unreadable).toEqual(rows);
    expect(page.events.map(({ date }) => date)).toEqual(['2026-03-01T09:30:00.500Z']);
  });
});
