import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** A password, immediately and without a request, under the rule in retrieve-a-password-as-isa.yaml. */
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
    assert(
      secret === passwordOf('cloud-0001', 'admin'),
      'The password in the secret differs from the password in the vault.',
    );

    await windowOver();
  },
};
