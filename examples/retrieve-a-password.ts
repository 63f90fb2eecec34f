import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** A ticket checks out a database account for half an hour, under the rule in retrieve-a-password.yaml. */
export const retrieveAPassword: Example = {
  name: 'retrieve-a-password',
  roles: ['requestor'],
  async run({ send, delivered, windowOver, passwordOf }) {
    await send({
      type: 'checkout.requested',
      checkout: 'passwords',
      id: 'CHG0031201',
      items: [{ systemName: 'db-0001', accountName: 'admin' }],
      window: { minutes: 30 },
      reason: 'Restore the orders database',
    });

    const before = passwordOf('db-0001', 'admin');
    const { password } = JSON.parse(await delivered('passwords/CHG0031201/db-0001/admin'));
    assert(password === before, 'The password in the secret differs from the password in the vault.');

    await windowOver();
    assert(passwordOf('db-0001', 'admin') !== before, 'The vault has not changed the password after the window.');
  },
};
