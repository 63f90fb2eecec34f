import assert from 'node:assert/strict';
import type { Example } from './support/stage.ts';

/** A new machine becomes an asset with a managed account, a rule, a group and a role, by provisioning.yaml. */
export const provisioning: Example = {
  name: 'provisioning',
  async run({ send, provisioned, requestableBy }) {
    await send({
      type: 'provision.requested',
      provisioning: 'linux-hosts',
      subject: 'i-0a1b2c3d',
      position: 1,
      inputs: { host: 'web-0077', address: '10.77.0.77' },
    });
    await provisioned();
    assert(requestableBy('Owners of web-0077').includes('web-0077/root'), 'The group may not request the account.');
  },
};
