import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#local/simulators/secretsafe/events.ts';
import { createHistory } from '#local/simulators/secretsafe/history.ts';
import type { Switches } from '#local/simulators/secretsafe/switches.ts';
import { type Answer, field, rows, START, startServer, type TestServer } from './site.ts';

const DAY_MS = 86_400_000;
const ACTOR = '11111111-1111-4111-a111-111111111111';

const query = (start: number, end: number, others: Record<string, string> = {}) =>
  `/events?${new URLSearchParams({ start: new Date(start).toISOString(), end: new Date(end).toISOString(), ...others })}`;

/** Dates of all pages, until there is no token. */
const walk = async ({ get }: TestServer, path: string, mostPages = 20): Promise<string[][]> => {
  const pages: string[][] = [];
  let token = '';
  do {
    const answer: Answer = await get(token === '' ? path : `${path}&continuationToken=${encodeURIComponent(token)}`);
    pages.push(rows(answer).map(({ date }) => String(date)));
    token = String(field(answer, 'continuationToken') ?? '');
  } while (token !== '' && pages.length < mostPages);
  return pages;
};

const at = (date: number): LoggedEvent => ({ type: 1107, date, actingUserId: ACTOR });
const seconds = (count: number): LoggedEvent[] => Array.from({ length: count }, (_, index) => at(START - index * 1000));

describe('the list of events', () => {
  it('is paged like the model of each kind of server', async () => {
    const offsets = fc.array(fc.nat({ max: 40 }), { maxLength: 130, size: 'max' });
    const bound = fc.nat({ max: 40 });
    const emptyPages = fc.constantFrom<Switches['emptyPages']>('never', 'after-full-page', 'at-end', 'between');
    const eventTokens = fc.constantFrom<Switches['eventTokens']>('date', 'position');
    await fc.assert(
      fc.asyncProperty(offsets, bound, bound, emptyPages, eventTokens, async (given, one, other, empty, tokens) => {
        const server = await startServer({ switches: { emptyPages: empty, eventTokens: tokens } });
        server.simulator.addEvents(...given.map((offset) => at(START - DAY_MS + offset)));
        const bounds = [one, other].map((offset) => START - DAY_MS + offset);
        let left = given
          .map((offset) => START - DAY_MS + offset)
          .filter((date) => date >= Math.min(...bounds) && date <= Math.max(...bounds))
          .toSorted((a, b) => b - a);
        const expected: number[][] = [];
        for (;;) {
          const page = left.slice(0, 50);
          expected.push(page);
          const last = page.at(-1);
          left = tokens === 'date' ? left.filter((date) => date < Number(last)) : left.slice(50);
          if (page.length < 50 || left.length === 0) break;
        }
        const pages = await walk(server, query(bounds[0] ?? 0, bounds[1] ?? 0));
        const full = pages.filter((page) => page.length > 0).map((page) => page.map(Date.parse));
        // A database that knows no further page forgets the rows that share the last date of a page.
        expect(full).toEqual(expected.filter((page) => page.length > 0));
        if (empty === 'never') expect(pages).toHaveLength(full.length || 1);
        if (empty === 'at-end' && full.length > 0) expect(pages.at(-1)).toEqual([]);
        if (empty === 'between') expect(pages.length - full.length).toBeGreaterThanOrEqual(full.length - 1);
      }),
      { numRuns: 25 },
    );
  });

  it('has inclusive bounds in any order, which count only together', async () => {
    const { get, simulator } = await startServer();
    simulator.addEvents(...[0, 1, 29, 31].map((days) => at(START - days * DAY_MS)));
    const count = async (path: string) => rows(await get(path)).length;
    expect(await count(query(START - DAY_MS, START))).toBe(2);
    expect(await count(query(START, START - DAY_MS))).toBe(2);
    expect(await count(query(START - DAY_MS + 1, START))).toBe(1);
    expect(await count(`/events?start=${new Date(START).toISOString()}`)).toBe(3);
    expect(await count('/events')).toBe(3);
    expect(await count(query(START - 367 * DAY_MS, START))).toBe(4);
    expect(await get(query(START - 367 * DAY_MS - 1, START))).toMatchObject({ status: 400 });
    expect(await get('/events?start=yesterday&end=2026-03-01')).toMatchObject({
      status: 400,
      json: { errors: { Start: expect.anything() } },
    });
    expect(await get('/events?start=2026-03-01T00:00:00+00:00&end=2026-03-02')).toMatchObject({ status: 400 });
  });

  it('uses one filter that the server knows, and ignores all others', async () => {
    const { get, simulator } = await startServer();
    const itemId = ACTOR.replaceAll('1', '2');
    simulator.addEvents({ ...at(START), itemId }, at(START), { type: 1107, date: START, itemId });
    const count = async (filter: string) => rows(await get(`/events?${filter}`)).length;
    expect(await count(`actingUserId=${ACTOR}`)).toBe(2);
    expect(await count(`itemId=${itemId}&actingUserId=${ACTOR.toUpperCase()}`)).toBe(2);
    expect(await count(`itemId=${itemId}`)).toBe(2);
    expect(await count(`secretId=${itemId}`)).toBe(0);
    expect(await count(`memberId=${itemId}&groupId=${itemId}`)).toBe(3);
    expect(await get('/events?itemId=x')).toMatchObject({ status: 400 });
  });

  it('loses rows of the same date at the edge of a page in a database, and none in a storage', async () => {
    const server = await startServer({ switches: { emptyPages: 'never' } });
    server.simulator.addEvents(...seconds(49), ...[1, 2, 3].map(() => at(START - 60_000)), at(START - 70_000));
    const path = query(START - DAY_MS, START);
    expect((await walk(server, path)).map(({ length }) => length)).toEqual([50, 1]);
    server.simulator.switches.eventTokens = 'position';
    expect((await walk(server, path)).map(({ length }) => length)).toEqual([50, 3]);
  });

  it('has an empty page after a full one that was the last, or after every last one', async () => {
    const server = await startServer();
    server.simulator.addEvents(...seconds(50));
    const lengths = async () => (await walk(server, '/events?')).map(({ length }) => length);
    expect(await lengths()).toEqual([50, 0]);
    server.simulator.addEvents(at(START - 60_000));
    expect(await lengths()).toEqual([50, 1]);
    server.simulator.switches.emptyPages = 'at-end';
    expect(await lengths()).toEqual([50, 1, 0]);
    server.simulator.switches.emptyPages = 'between';
    expect(await lengths()).toEqual([50, 0, 1]);
  });

  it('ends with null or an empty token, which read page one again', async () => {
    const server = await startServer({ switches: { emptyPages: 'never' } });
    server.simulator.addEvents(...seconds(51));
    const tokens = async (token: string) =>
      field(await server.get(`/events?continuationToken=${token}`), 'continuationToken');
    const second = String(await tokens(''));
    expect(second).toMatch(/^\d{18}$/);
    expect(await tokens(second)).toBeNull();
    server.simulator.switches.lastToken = 'empty';
    expect(await tokens(second)).toBe('');
    expect(await tokens('')).toBe(second);
    expect(await server.get('/events?continuationToken=forged')).toMatchObject({ status: 500 });
    server.simulator.switches.eventTokens = 'position';
    expect(await server.get('/events?continuationToken=forged')).toMatchObject({ status: 500 });
  });

  it('shows rows late, single ones or all', async () => {
    const { get, simulator, pass } = await startServer({ switches: { eventDelayMs: 5000 } });
    const dates = async () => rows(await get('/events')).map(({ date }) => date);
    simulator.addEvents(at(START));
    expect(await dates()).toEqual([]);
    pass(5000);
    expect(await dates()).toEqual(['2026-03-01T12:00:00Z']);
    simulator.addLateEvent(at(START - 2 * DAY_MS + 120.5));
    expect(await dates()).toEqual(['2026-03-01T12:00:00Z', '2026-02-27T12:00:00.1205Z']);
    simulator.switches.eventRetentionDays = 1;
    expect(await dates()).toHaveLength(1);
  });

  it('has no id, and every date of the server is its own', async () => {
    const { call, get, simulator } = await startServer();
    for (const email of ['a@example.com', 'b@example.com']) await call('POST', '/members', { email, type: 2 });
    simulator.switches.eventDates = 'clock';
    await call('POST', '/members', { email: 'c@example.com', type: 2 });
    const events = rows(await get('/events'));
    expect(events[0]).toEqual({
      object: 'event',
      type: 1500,
      ...Object.fromEntries(
        ['actingUserId', 'itemId', 'collectionId', 'groupId', 'policyId', 'secretId'].map((name) => [name, null]),
      ),
      ...Object.fromEntries(['projectId', 'serviceAccountId', 'installationId', 'device'].map((name) => [name, null])),
      memberId: expect.any(String),
      date: '2026-03-01T12:00:00.000001Z',
      ipAddress: '127.0.0.1',
    });
    expect(events.map(({ date }) => date).slice(1)).toEqual(['2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z']);
  });

  it('is empty without the plan, or refused', async () => {
    const { get, simulator } = await startServer();
    simulator.addEvents(at(START));
    simulator.switches.plan = { ...simulator.switches.plan, events: false };
    expect(await get('/events')).toMatchObject({ status: 200, json: { data: [], continuationToken: null } });
    simulator.switches.eventsWithoutPlan = 400;
    expect(await get('/events')).toMatchObject({ status: 400 });
  });

  it('can have a million rows, of which it computes those that are read', async () => {
    const history = createHistory({ events: 1_000_000, from: START - 300 * DAY_MS, to: START, seed: 1, perDate: 3 });
    const { get, simulator } = await startServer({ history });
    simulator.addEvents(at(START - 100 * DAY_MS));
    const middle = rows(await get(query(START - 300 * DAY_MS, START - 100 * DAY_MS)));
    expect(middle.map(({ type }) => type).slice(0, 1)).toEqual([1107]);
    expect(middle).toHaveLength(50);
    expect(history.at(7)).toEqual(history.at(7));
    expect(history.at(6).date).toBe(history.at(8).date);
    expect(rows(await get(query(START - DAY_MS, START)))[0]).toMatchObject({
      date: expect.stringMatching(/^2026-03-01T11:59/),
    });
  });
});
