import { beforeEach, describe, expect, it } from 'vitest';
import { createLook } from '#functions/intake/look/look.ts';
import { RelayError } from '#shared/errors.ts';
import type { TicketOver } from '#shared/messages/ticket-changed.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { aRecord } from '#test/support/checkouts.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { aWebhook, TICKET } from '#test/support/tickets.ts';

const ROUTE = aWebhook({
  ticket: { ...TICKET, onlyIf: { '/approval': 'yes' } },
  ticketSystem: 'desk',
  looksEveryMinutes: 15,
});

describe('a look at open tickets', () => {
  let records: ReturnType<typeof memoryRecords>;
  let signals: ReturnType<typeof memorySignals>;
  let desk: Record<string, object | RelayError>;
  let read: string[];
  let sent: TicketOver[];
  let unread: (string | undefined)[];
  beforeEach(() => {
    records = memoryRecords();
    signals = memorySignals();
    desk = {};
    read = [];
    sent = [];
    unread = [];
  });
  const open = async (id: string, principal: object = { kind: 'route', id: 'snow' }): Promise<void> => {
    const run = { rule: 'changes', run: `changes.${id}` };
    await signals.put(checkoutAt.open(run));
    await records.write(checkoutAt.record(run), aRecord({ order: { id, principal } }));
  };
  const state = (key: string, more: object = {}) => ({ key, count: 7, state: 'approved', approval: 'yes', ...more });
  const look = (route = 'snow') =>
    createLook({
      webhooks: { snow: ROUTE, jira: { ...ROUTE, ticketSystem: undefined } },
      systemOf: async () => ({
        read: async (number) => {
          read.push(number);
          const found = desk[number];
          if (found instanceof RelayError) throw found;
          return found === undefined ? undefined : JSON.parse(JSON.stringify(found));
        },
        comment: async () => {},
      }),
      records,
      signals,
      send: async (message) => void sent.push(message),
      onUnread: ({ number }) => void unread.push(number),
    })({ route });

  it('closes those whose state asks for no access, at the position of the state', async () => {
    for (const number of ['CHG1', 'CHG2', 'CHG3', 'CHG4']) await open(`${number}.1`);
    desk = {
      CHG1: state('CHG1'),
      CHG2: state('CHG2', { state: 'done', text: 'x'.repeat(2 ** 20) }),
      CHG3: state('CHG3', { approval: 'no' }),
      CHG4: state('CHG4', { state: 'unknown' }),
    };
    expect(await look()).toEqual({ open: 4, closed: 2 });
    expect(sent).toEqual(['CHG2', 'CHG3'].map((number) => ({ route: 'snow', number, position: 7 })));
  });

  it('closes a ticket that was moved to another number', async () => {
    await open('CHG1.1');
    desk = { CHG1: state('OPS-7') };
    expect(await look()).toEqual({ open: 1, closed: 1 });
    expect(sent).toMatchObject([{ number: 'CHG1' }]);
  });

  it('reads each ticket once, and none of another sender', async () => {
    await open('CHG1.1');
    await open('CHG1.2');
    await open('CHG2.1', { kind: 'route', id: 'jira' });
    await open('CHG3.1', { kind: 'aws', id: 'AROA' });
    desk = { CHG1: state('CHG1') };
    expect(await look()).toEqual({ open: 1, closed: 0 });
    expect(read).toEqual(['CHG1']);
  });

  it.each<[string, object | RelayError | undefined]>([
    ['that is not shown', undefined],
    ['that cannot be read now', new RelayError('TicketSystemUnavailable', 'busy')],
    ['that the user may not see', new RelayError('TicketSystemRefused', 'no')],
    ['without its approval', { key: 'CHG1', count: 7, state: 'approved' }],
    ['without its state', { key: 'CHG1', count: 7, approval: 'no' }],
    ['without its position', { key: 'CHG1', state: 'done' }],
  ])('leaves a ticket open %s, continues with the others, and fails at its end', async (_what, found) => {
    for (const number of ['CHG1', 'CHG2']) await open(`${number}.1`);
    desk = { ...(found && { CHG1: found }), CHG2: state('CHG2', { state: 'done' }) };
    await expect(look()).rejects.toThrow(/^1 of the open tickets of snow could not be read/);
    expect(unread).toEqual(['CHG1']);
    expect(sent).toMatchObject([{ number: 'CHG2' }]);
  });

  it('continues after a checkout whose record cannot be read', async () => {
    for (const number of ['CHG1', 'CHG2']) await open(`${number}.1`);
    const [first = ''] = [...records.objects.keys()];
    records.objects.set(first, 'not JSON');
    desk = { CHG1: state('CHG1', { state: 'done' }), CHG2: state('CHG2', { state: 'done' }) };
    await expect(look()).rejects.toThrow('1 of the open tickets');
    expect(sent).toHaveLength(1);
  });

  it('stops at refused credentials, so that no user is locked', async () => {
    for (const number of ['CHG1', 'CHG2']) await open(`${number}.1`);
    const denied = new RelayError('TicketSystemDenied', 'no');
    desk = { CHG1: denied, CHG2: denied };
    await expect(look()).rejects.toMatchObject({ name: 'TicketSystemDenied' });
    expect(read).toEqual(['CHG1']);
  });

  it('does nothing for a route without a ticket system', async () => {
    await open('CHG2.1', { kind: 'route', id: 'jira' });
    expect(await look('jira')).toEqual({ open: 0, closed: 0 });
    expect(await look('constructor')).toEqual({ open: 0, closed: 0 });
  });
});
