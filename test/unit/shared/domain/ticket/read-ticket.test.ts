import type { Json } from '@hyperjump/json-pointer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTicket, type TicketPlaces } from '#shared/domain/ticket/read-ticket.ts';
import { RelayError } from '#shared/errors.ts';

const NOW = Date.UTC(2026, 2, 1, 8);

const PLACES: TicketPlaces = {
  number: '/number',
  position: { counter: '/sys_mod_count' },
  state: '/state',
  states: { '-1': 'open', '0': 'close', longer: 'extend' },
  closeIf: { '/deleted': 'true' },
  onlyIf: { '/approval': 'approved' },
  from: '/start_date',
  until: '/end_date',
  timeZone: 'UTC',
  reason: '/short_description',
  items: { labels: { systemName: '/cmdb_ci', accountName: { text: 'deploy' } }, max: 3 },
};

const BODY = {
  number: 'CHG0031201',
  sys_mod_count: '7',
  state: '-1',
  approval: 'approved',
  start_date: '2026-03-01 08:00:00',
  end_date: '2026-03-01 10:00:00',
  short_description: 'Patch the\n database',
  cmdb_ci: 'db-01',
};

const read = (change: Readonly<Record<string, Json>> = {}, places: Partial<TicketPlaces> = {}) =>
  readTicket({ ...BODY, ...change }, { ...PLACES, ...places }, NOW);

describe('the body of a sender', () => {
  it('is read by pointers', () => {
    expect(read()).toEqual({
      number: 'CHG0031201',
      position: 7,
      wish: 'open',
      window: { from: Date.UTC(2026, 2, 1, 8), until: Date.UTC(2026, 2, 1, 10) },
      items: [{ accountName: 'deploy', systemName: 'db-01' }],
      reason: 'Patch the database',
    });
  });

  it('can list several accounts, each once', () => {
    const items = { each: '/accounts', labels: { systemName: '/host', accountName: '/user' }, max: 3 };
    const accounts = [
      { host: 'db-01', user: 'sa' },
      { host: 'DB-01', user: 'SA' },
      { host: 'db-02', user: 'sa' },
    ];
    expect(read({ accounts }, { items })).toMatchObject({
      items: [
        { accountName: 'SA', systemName: 'DB-01' },
        { accountName: 'sa', systemName: 'db-02' },
      ],
    });
  });

  it('can list names alone', () => {
    const items = { each: '/hosts', labels: { systemName: '', accountName: { text: 'sa' } }, max: 3 };
    expect(read({ hosts: ['db-01'] }, { items })).toMatchObject({
      items: [{ accountName: 'sa', systemName: 'db-01' }],
    });
  });

  it.each<[string, Readonly<Record<string, Json>>, string]>([
    ['another state', { state: 'Draft' }, 'ignore'],
    ['a state that is an inherited name', { state: 'constructor' }, 'ignore'],
    ['a state as a number', { state: 0 }, 'close'],
    ['a text that closes it', { deleted: true }, 'close'],
    ['no approval', { approval: 'rejected' }, 'close'],
    ['an approval that was withdrawn while it is open', { approval: null }, 'close'],
    ['no approval in a state that asks for nothing', { approval: 'requested', state: 'Draft' }, 'ignore'],
    ['a wrong date in a state that closes', { state: '0', end_date: 'soon' }, 'close'],
  ])('with %s asks for it', (_what, change, wish) => {
    expect(read(change).wish).toBe(wish);
  });

  it.each<[string, Readonly<Record<string, Json>>, Partial<TicketPlaces>, string]>([
    ['no number', { number: null }, {}, 'A ticket: /number is not the number of a ticket'],
    ['a number that is a path', { number: '../x' }, {}, 'A ticket: /number is not the number of a ticket'],
    ['no position', { sys_mod_count: '' }, {}, 'Ticket CHG0031201: /sys_mod_count is not a whole number'],
    ['a negative position', { sys_mod_count: -1 }, {}, 'Ticket CHG0031201: /sys_mod_count is not a whole number'],
    ['no time', { at: 'now' }, { position: { time: '/at' } }, 'Ticket CHG0031201: /at is not epoch milliseconds'],
    ['no end', { end_date: null }, {}, 'Ticket CHG0031201: /end_date is not a date that can be understood'],
    ['a date without a zone', {}, { timeZone: undefined }, 'or relay.yaml must name their time zone'],
    ['an end before its start', { end_date: '2026-03-01 07:00:00' }, {}, '/end_date is before its start'],
    ['no account', { cmdb_ci: null }, {}, 'Ticket CHG0031201: /cmdb_ci does not contain the systemName'],
    ['an empty account', { cmdb_ci: '  ' }, {}, 'Ticket CHG0031201: /cmdb_ci does not contain the systemName'],
    ['an account over two lines', { cmdb_ci: 'a\nb' }, {}, '/cmdb_ci does not contain the systemName'],
    ['no reason', { short_description: ' ' }, {}, 'Ticket CHG0031201: /short_description is empty'],
    [
      'an empty list',
      { hosts: [] },
      { items: { each: '/hosts', labels: { systemName: '' }, max: 3 } },
      '/hosts names no account',
    ],
    [
      'more accounts than one ticket may open',
      { hosts: ['a', 'b', 'c', 'd'] },
      { items: { each: '/hosts', labels: { systemName: '' }, max: 3 } },
      '/hosts names 4 accounts, more than the 3 that one ticket may open. Split the ticket.',
    ],
  ])('with %s is refused with a reason for its owner', (_what, change, places, reason) => {
    expect(() => read(change, places)).toThrow(
      expect.objectContaining({ name: 'MessageInvalid', message: expect.stringContaining(reason) }),
    );
  });

  it('is read at its time or by a counter', () => {
    expect(read({ at: 1_700_000_000_123 }, { position: { time: '/at' } }).position).toBe(1_700_000_000_123);
    expect(read({ at: '2026-02-18T15:20:11.662+0530' }, { position: { time: '/at' } }).position).toBe(
      Date.UTC(2026, 1, 18, 9, 50, 11, 662),
    );
  });

  it('begins at once if its sender knows no start', () => {
    expect(read({}, { from: undefined })).toMatchObject({ window: { from: NOW } });
  });

  it('reaches nothing that is inherited, and repeats no text but the number', () => {
    const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'length', 'number', 'cmdb_ci');
    const pointers = fc.array(names, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`);
    const canary = 'canary-7f3a';
    fc.assert(
      fc.property(
        pointers,
        fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
        (pointer, value) => {
          const items = { labels: { systemName: pointer, accountName: { text: 'a' } }, max: 3 };
          try {
            const state = read({ cmdb_ci: value, canary }, { items });
            if (state.wish !== 'open') return;
            for (const item of state.items) expect(typeof item['systemName']).toBe('string');
            expect(['/number', '/cmdb_ci'].some((own) => pointer.startsWith(own))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(RelayError);
            expect(String(error)).not.toContain(canary);
          }
        },
      ),
    );
  });

  it('has a reason of one line, of well-formed text and of a limited length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1200 }), (text) => {
        try {
          const state = read({ short_description: text });
          if (state.wish !== 'open') return;
          expect(state.reason).toMatch(/^.{1,500}$/u);
          expect(state.reason.isWellFormed()).toBe(true);
        } catch (error) {
          expect(String(error)).toContain('is empty');
        }
      }),
    );
  });
});
