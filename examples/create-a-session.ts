import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/**
 * A ticket lets somebody into a web server by SSH for half an hour, under the rule of create-a-session.yaml. The role of an
 * ISA is for the end alone: without it the relay may not end a session that somebody has not left.
 */
export const createASession: Example = {
  name: 'create-a-session',
  roles: ['requestor', 'isa'],
  async run({ send, delivered, windowOver, connect }) {
    await send({
      type: 'checkout.requested',
      checkout: 'sessions',
      id: 'CHG0031202',
      items: [{ systemName: 'web-0001', accountName: 'root' }],
      window: { minutes: 30 },
      reason: 'Replace a certificate',
    });

    const { Ticket: ticket } = JSON.parse(await delivered('sessions/CHG0031202/web-0001/root'));
    assert(connect(ticket), 'The ticket does not let its holder in.');

    await windowOver();
    assert(!connect(ticket), 'The ticket still lets its holder in.');
  },
};
