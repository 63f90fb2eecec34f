import { describe, expect, it } from 'vitest';
import { commentFor } from '#functions/checkout/report/comment.ts';
import { tellOpened } from '#functions/checkout/watch/tell-opened.ts';
import type { Action } from '#shared/domain/checkout/next-action.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';
import type { CheckoutReported, CheckoutStepInput } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, aRecord, NOW } from '#test/support/checkouts.ts';
import { itemNumbered } from '#test/support/items.ts';

const OF_TICKET = { id: 'CHG1.1', principal: { kind: 'route', id: 'snow' }, window: { until: after(60) } };
const DELIVERED = { at: after(0), delivered: 1, gone: false };
const CLOSED = { checkedIn: { at: after(60), closed: 1 }, retired: { retired: 1 } };
const NOTHING_CLOSED = { checkedIn: { at: after(60), closed: 0 }, retired: { retired: 0 } };

describe('the ticket of a checkout', () => {
  const told = async (state: Partial<CheckoutStepInput>, order: Record<string, unknown> = OF_TICKET) => {
    const comments: TicketComment[] = [];
    const tell = async (comment: TicketComment) => void comments.push(comment);
    await tellOpened({ ...aCheckoutRun, ...state }, aRecord({ order }), {}, tell);
    return comments;
  };
  const RETRIEVED = { retrieved: DELIVERED, watched: { next: 'retrieve' as const, waitSeconds: 0 } };

  it('is told once that its access is open', async () => {
    expect(await told(RETRIEVED)).toEqual([
      {
        route: 'snow',
        number: 'CHG1',
        key: 'opened.CHG1.1',
        text: expect.stringContaining(itemNumbered(10).title),
      },
    ]);
    expect(await told({ ...RETRIEVED, watched: { next: 'wait', waitSeconds: 60 } })).toEqual([]);
    expect(await told({ ...RETRIEVED, ...CLOSED })).toEqual([]);
  });

  it('is told nothing of an access that did not open, or that a message asked for', async () => {
    expect(await told({ ...RETRIEVED, retrieved: { ...DELIVERED, delivered: 0, gone: true } })).toEqual([]);
    expect(await told(RETRIEVED, { window: { until: after(60) } })).toEqual([]);
  });

  const comment = (state: Partial<CheckoutStepInput>, status: CheckoutReported['status'] = 'completed') => {
    const found = commentFor({ ...aCheckoutRun, ...state }, aRecord({ order: OF_TICKET }), status, NOW);
    return found && [found.key, found.text];
  };
  const ended = (more: Partial<Action> = {}) => ({ watched: { next: 'report' as const, waitSeconds: 0, ...more } });

  it.each([
    ['changed', { confirmed: true }, 'The credential was changed.'],
    ['not seen to change', { unconfirmed: true }, 'has not shown yet'],
  ])('is told that its access is closed, and the credential %s', (_what, more, text) => {
    const state = { retrieved: DELIVERED, ...CLOSED, ...ended(more) };
    expect(comment(state)).toEqual(['closed.CHG1.1', expect.stringContaining(text)]);
  });

  it('is told when a release has closed it, although the checkout itself sleeps', () => {
    const closed = comment({ ...CLOSED, order: { type: 'checkout.released' } }, 'released');
    expect(closed).toEqual(['closed.CHG1.1', expect.stringContaining('access was closed')]);
  });

  it('is told that no access opened, but not by a release', () => {
    expect(comment({ ...NOTHING_CLOSED, order: { type: 'checkout.released' } }, 'cancelled')).toBeUndefined();
    expect(comment({ ...NOTHING_CLOSED, ...ended() }, 'denied')).toEqual([
      'ended.CHG1.1',
      expect.stringContaining('denied'),
    ]);
  });
});
