import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckoutWorld, startCheckoutWorld } from '#test/support/checkout-world.ts';
import { MINIMAL_REGISTRIES } from '#test/support/minimal/registries.ts';
import { type MinimalStoreRemote, startMinimalStore } from '#test/support/minimal/remotes.ts';

let world: CheckoutWorld;
let store: MinimalStoreRemote;

beforeAll(async () => {
  store = await startMinimalStore();
  world = await startCheckoutWorld({
    registries: MINIMAL_REGISTRIES,
    configure: (config) => config.setIn(['stores', 'box'], { type: 'minimal-store', url: store.url, ca: store.caPem }),
    rule: { stores: ['aws', 'box'], confirmMinutes: 10 },
  });
});
afterAll(async () => {
  await world?.close();
  await store?.[Symbol.asyncDispose]();
});

describe('a checkout with two stores, with the deployed functions', () => {
  it('delivers to both, and leaves nothing in either', async () => {
    const account = world.plain(0);
    const execution = world.checkOut('CHG1', [account]);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(Object.values(world.delivered('CHG1'))).toEqual([world.credentialOf(account)]);
    expect([...store.secrets.values()].map(({ value }) => value)).toEqual([world.credentialOf(account)]);

    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(world.delivered('CHG1')).toEqual({});
    expect([...store.secrets]).toEqual([]);
    expect(await world.reportOf('CHG1')).toMatchObject({ stores: ['aws', 'box'] });
  });

  it('goes on with one of them, and announces what is missing in the other', async () => {
    const account = world.plain(1);
    const name = `tickets/CHG2/${account.systemName}/${account.accountName}`;
    const theirs = { owner: 'someone else', value: 'theirs' };
    store.secrets.set(name, theirs);
    const note = `to ${name} in the store box was not confirmed. SecretForeign: Store box: The secret ${name}`;
    expect(await world.finish(world.checkOut('CHG2', [account]))).toMatchObject({
      status: 'completed',
      notes: [expect.stringContaining(note), expect.stringContaining('request the checkout again')],
    });
    expect(await world.notifications('CHG2')).toEqual([expect.stringContaining(note)]);
    expect(world.delivered('CHG2')).toEqual({});
    expect([...store.secrets]).toEqual([[name, theirs]]);
  });

  it('leaves no session open and no credential outside the stores', async () => {
    expect(world.vault.openSessions()).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
  });
});
