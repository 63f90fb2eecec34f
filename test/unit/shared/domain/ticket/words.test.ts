import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainText } from '#shared/domain/text.ts';
import { closedComment, openedComment, refusedComment, ticketOf } from '#shared/domain/ticket/words.ts';
import { ticketCommentSchema } from '#shared/messages/ticket-comment.ts';

const PLACE = { route: 'snow', number: 'CHG1' };
const AT = Date.UTC(2026, 2, 1, 8, 30);

describe('the ticket of a checkout', () => {
  it('is that of its route', () => {
    expect(ticketOf('CHG-1.12', { kind: 'route', id: 'snow' })).toEqual({ route: 'snow', number: 'CHG-1' });
    expect(ticketOf('CHG1.1', { kind: 'aws', id: 'AROA' })).toBeUndefined();
    expect(ticketOf('CHG1', { kind: 'route', id: 'snow' })).toBeUndefined();
    expect(ticketOf(undefined, undefined)).toBeUndefined();
  });
});

describe('a comment', () => {
  it('names the accounts, the stores and the end of an access', () => {
    const opened = { id: 'CHG1.1', items: ['db-01/sa'], stores: ['aws', 'dr'], until: AT };
    expect(openedComment(PLACE, opened)).toEqual({
      ...PLACE,
      key: 'opened.CHG1.1',
      text: 'pam-relay: access is open until 2026-03-01 08:30 UTC: db-01/sa, in the stores aws, dr.',
    });
    expect(closedComment(PLACE, { id: 'CHG1.1', items: ['db-01/sa'], at: AT, rotated: 'changed' }).text).toBe(
      'pam-relay: access was closed at 2026-03-01 08:30 UTC: db-01/sa. The credential was changed.',
    );
  });

  it('tells a reason once', () => {
    const [one, again, other] = ['no start', 'no start', 'no end'].map((reason) => refusedComment(PLACE, reason).key);
    expect(one).toBe(again);
    expect(one).not.toBe(other);
  });

  it('is an order, whatever the vault calls an account', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 20 }), (items) => {
        const opened = openedComment(PLACE, { id: 'CHG1.1', items, stores: ['aws'], until: AT });
        const closed = closedComment(PLACE, { id: 'CHG1.1', items, at: AT, rotated: 'unconfirmed' });
        const refused = refusedComment(PLACE, items.join(' '));
        for (const comment of [opened, closed, refused]) {
          expect(ticketCommentSchema.safeParse(comment).success).toBe(true);
          expect(isPlainText(comment.text)).toBe(true);
          // Marks of links, mentions, images and macros.
          expect(comment.text).not.toMatch(/[[\]{}!|]/);
        }
      }),
    );
  });
});
