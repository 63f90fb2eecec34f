import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** A message rotates one account out of turn, under the rule in rotation.yaml, and the sync delivers it. */
export const rotation: Example = {
  name: 'rotation',
  roles: ['requestor'],
  async run({ send, rotated, stored, passwordOf }) {
    const before = passwordOf('db-0001', 'reader');
    await send({
      type: 'rotation.requested',
      rotation: 'weekly',
      id: 'CHG0031202',
      items: [{ systemName: 'db-0001', accountName: 'reader' }],
    });
    await rotated();

    const after = passwordOf('db-0001', 'reader');
    assert(after !== before, 'The vault has not changed the password.');
    const { password } = JSON.parse(stored('fleet/db-0001/_/reader'));
    assert(password === after, 'The password in the secret differs from the password in the vault.');
  },
};
