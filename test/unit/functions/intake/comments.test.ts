import { beforeEach, describe, expect, it } from 'vitest';
import { createComments } from '#functions/intake/comments/comments.ts';
import { RelayError } from '#shared/errors.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import { memorySignals } from '#test/support/fakes.ts';
import { aWebhook } from '#test/support/tickets.ts';

const ROUTE = aWebhook({ ticketSystem: 'desk', comments: true });
const COMMENT = { route: 'snow', number: 'CHG1', key: 'opened.CHG1.1', text: 'pam-relay: access is open.' };

describe('an order for a comment', () => {
  let written: (readonly [number: string, text: string])[];
  let failure: RelayError | undefined;
  let marks: ReturnType<typeof memorySignals>;
  let refused: string[];
  beforeEach(() => {
    written = [];
    failure = undefined;
    marks = memorySignals();
    refused = [];
  });
  const handle = async (body: unknown, { receives = 1, comments = true } = {}): Promise<'again' | 'done'> => {
    const step = createComments({
      webhooks: { snow: { ...ROUTE, comments } },
      systemOf: async () => ({
        read: async () => undefined,
        comment: async (number, text) => {
          if (failure !== undefined) throw failure;
          written.push([number, text]);
        },
      }),
      marks,
      refuse: async (_message, { name }) => void refused.push(name),
      onFailure: () => {},
      measure: async () => {},
    });
    const attributes = { ApproximateReceiveCount: receives, SenderId: '', SentTimestamp: 0 };
    const { batchItemFailures } = await step({
      Records: [{ messageId: 'm', body: JSON.stringify(body), attributes }],
    });
    return batchItemFailures.length > 0 ? 'again' : 'done';
  };

  it('becomes one comment, however often it arrives', async () => {
    await handle(COMMENT);
    await handle(COMMENT);
    await handle({ ...COMMENT, key: 'closed.CHG1.1', text: 'pam-relay: closed.' });
    expect(written).toEqual([
      ['CHG1', 'pam-relay: access is open.'],
      ['CHG1', 'pam-relay: closed.'],
    ]);
  });

  it('comes again while the ticket system is unavailable, and is kept with its reason after the last time', async () => {
    failure = new RelayError('TicketSystemUnavailable', 'The desk is closed.');
    expect(await handle(COMMENT)).toBe('again');
    expect(await handle(COMMENT, { receives: MAX_RECEIVES })).toBe('done');
    expect(refused).toEqual(['TicketSystemUnavailable']);
    expect(marks.keys.size).toBe(0);
  });

  it('is tried once if the ticket system refuses its user, which it would lock', async () => {
    failure = new RelayError('TicketSystemDenied', 'The credentials are refused.');
    expect(await handle(COMMENT)).toBe('done');
    expect(refused).toEqual(['TicketSystemDenied']);
  });

  it('is tried once if its answer was lost, because it may be written', async () => {
    failure = new RelayError('TicketSystemUnavailable', 'No answer.', { mayHaveHappened: true });
    expect(await handle(COMMENT)).toBe('done');
    expect(refused).toEqual(['TicketSystemUnavailable']);
  });

  it('is dropped for a route that writes no comments any more, and refused if it is from someone else', async () => {
    expect(await handle(COMMENT, { comments: false })).toBe('done');
    expect(await handle({ ...COMMENT, route: 'constructor' })).toBe('done');
    expect(refused).toEqual([]);
    expect(await handle({ ...COMMENT, key: '../snow/CHG2' })).toBe('done');
    expect(refused).toEqual(['MessageInvalid']);
    expect(written).toEqual([]);
  });
});
