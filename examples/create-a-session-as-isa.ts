import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** A remote desktop session, immediately and without a request, under the rule in create-a-session-as-isa.yaml. */
export const createASessionAsIsa: Example = {
  name: 'create-a-session-as-isa',
  roles: ['isa'],
  async run({ send, delivered, windowOver, connect }) {
    await send({
      type: 'checkout.requested',
      checkout: 'isa-sessions',
      id: 'INC0010045',
      items: [{ systemName: 'win-0001', accountName: 'root' }],
      window: { minutes: 15 },
      reason: 'A service does not start',
    });

    const { Ticket: ticket } = JSON.parse(await delivered('isa-sessions/INC0010045/win-0001/root'));
    assert(connect(ticket), 'The ticket does not open a session.');

    await windowOver();
    assert(!connect(ticket), 'The ticket still opens a session.');
  },
};
