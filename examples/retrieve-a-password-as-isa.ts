import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** The password at once and without a request, under the rule of retrieve-a-password-as-isa.yaml. */
export const retrieveAPasswordAsIsa: Example = {
  name: 'retrieve-a-password-as-isa',
  roles: ['isa'],
  async run({ send, delivered, windowOver, passwordOf }) {
    await send({
      type: 'checkout.requested',
      checkout: 'isa-passwords',
      id: 'INC0010044',
      items: [{ systemName: 'cloud-0001', accountName: 'admin' }],
      window: { minutes: 15 },
      reason: 'The console does not answer',
    });

    const secret = await delivered('isa-passwords/INC0010044/cloud-0001/admin');
    assert(secret === passwordOf('cloud-0001', 'admin'), 'The secret does not hold the password that the vault holds.');

    await windowOver();
  },
};
