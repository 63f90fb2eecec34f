import { beforeEach, describe, expect, it } from 'vitest';
import { createLook } from '#functions/intake/look/look.ts';
import { webhook } from '#shared/config/schema/webhooks.ts';
import { RelayError } from '#shared/errors.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { aRecord } from '#test/support/checkouts.ts';
import { memoryRecords, memorySignals } from '#test/support/fakes.ts';
import { TICKET } from '#test/support/tickets.ts';

const ROUTE = webhook.parse({
  checkout: 'changes',
  signature: { type: 'standard-webhooks', keys: 'webhooks/snow' },
  ticket: { ...TICKET, onlyIf: { '/approval': 'yes' } },
  ticketSystem: 'desk',
  looksEveryMinutes: 15,
});
const NOW = Date.UTC(2026, 2, 1, 8);

describe('a look at open tickets', () => {
  let records: ReturnType<typeof memoryRecords>;
  let signals: ReturnType<typeof memorySignals>;
  let desk: Record<string, object | RelayError>;
  let read: string[];
  let sent: TicketChanged[];
  let unread: string[];
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
      now: () => NOW,
    })({ route });

  it('queues those whose state asks for no access, as their own state', async () => {
    for (const number of ['CHG1', 'CHG2', 'CHG3', 'CHG4']) await open(`${number}.1`);
    desk = {
      CHG1: state('CHG1'),
      CHG2: state('CHG2', { state: 'done' }),
      CHG3: state('CHG3', { approval: 'no' }),
      CHG4: state('CHG4', { state: 'unknown' }),
    };
    expect(await look()).toEqual({ open: 4, closed: 2, unread: 0 });
    const at = new Date(NOW).toISOString();
    expect(sent).toEqual(
      [desk['CHG2'], desk['CHG3']].map((body) => ({
        route: 'snow',
        receivedAt: at,
        signedAt: at,
        body: JSON.stringify(body),
      })),
    );
  });

  it('reads each ticket once, and none of another sender', async () => {
    await open('CHG1.1');
    await open('CHG1.2');
    await open('CHG2.1', { kind: 'route', id: 'jira' });
    await open('CHG3.1', { kind: 'aws', id: 'AROA' });
    desk = { CHG1: state('CHG1') };
    expect(await look()).toEqual({ open: 1, closed: 0, unread: 0 });
    expect(read).toEqual(['CHG1']);
  });

  it('leaves open what the ticket system does not show, and continues with the others', async () => {
    for (const number of ['CHG1', 'CHG2', 'CHG3']) await open(`${number}.1`);
    desk = { CHG2: new RelayError('TicketSystemUnavailable', 'busy'), CHG3: state('CHG3', { state: 'done' }) };
    expect(await look()).toEqual({ open: 3, closed: 1, unread: 2 });
    expect(unread).toEqual(['CHG1', 'CHG2']);
  });

  it('stops at refused credentials, so that no user is locked', async () => {
    for (const number of ['CHG1', 'CHG2']) await open(`${number}.1`);
    desk = { CHG1: new RelayError('TicketSystemRefused', 'no'), CHG2: new RelayError('TicketSystemRefused', 'no') };
    await expect(look()).rejects.toMatchObject({ name: 'TicketSystemRefused' });
    expect(read).toEqual(['CHG1']);
  });

  it('does nothing for a route without a ticket system', async () => {
    await open('CHG2.1', { kind: 'route', id: 'jira' });
    expect(await look('jira')).toEqual({ open: 0, closed: 0, unread: 0 });
    expect(await look('constructor')).toEqual({ open: 0, closed: 0, unread: 0 });
  });
});
