import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/**
 * A ticket opens an SSH session on a web server for half an hour, under the rule in create-a-session.yaml. The ISA role
 * is needed only for the end: without it, the relay cannot terminate a session that is still in use.
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
    assert(connect(ticket), 'The ticket does not open a session.');

    await windowOver();
    assert(!connect(ticket), 'The ticket still opens a session.');
  },
};
