import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/sra/fleet.ts';
import { fleetOf, startSite, VAULT } from './site.ts';

const PASSWORD = { type: 'username_password', name: 'new', username: 'root', password: 'a value' };

describe('an account', () => {
  it('is created, changed and deleted by calls, and its credential is never shown', async () => {
    const { simulator, caller } = await startSite({ fleet: [] });
    const { get, post, call } = await caller();
    const created = await post(`${VAULT}/account`, PASSWORD);
    expect(created).toMatchObject({ status: 201, json: { id: 1, account_group_id: 1, last_checkout_timestamp: null } });
    expect(created.headers['location']).toBe(`${simulator.url}${VAULT}/account/1`);
    const change = { ...PASSWORD, password: 'another', account_group_id: 2, last_checkout_timestamp: null };
    const changed = await call('PATCH', `${VAULT}/account/1`, change);
    expect(changed).toMatchObject({ status: 200, json: { account_group_id: 2 } });
    expect(simulator.credentialOf(1)).toBe('another');
    expect(created.text + changed.text).not.toMatch(/a value|another/);
    expect(await call('DELETE', `${VAULT}/account/1`)).toMatchObject({ status: 204 });
    expect(await get(`${VAULT}/account/1`)).toMatchObject({ status: 404 });
    expect(simulator.activity().map(({ eventType }) => eventType)).toEqual([
      'Account Created',
      'Password Changed',
      'Account Deleted',
    ]);
  });

  it('is refused with an unknown field as 401, with an invalid one as 422, and on a personal account as 403', async () => {
    const fleet = createFleet({ accounts: 28, seed: 1 });
    const { simulator, caller } = await startSite({ fleet });
    const { post, call } = await caller();
    const create = async (fields: object) => (await post(`${VAULT}/account`, fields)).status;
    expect(await create({ ...PASSWORD, passwort: 'x' })).toBe(401);
    expect(await create({ ...PASSWORD, account_group_id: '2' })).toBe(422);
    expect(await create({ ...PASSWORD, account_group_id: 99 })).toBe(422);
    expect(await create({ ...PASSWORD, type: 'windows_local' })).toBe(422);
    const path = (wanted: string) => `${VAULT}/account/${fleet.find(({ kind }) => kind === wanted)?.id}`;
    const patch = async (kind: string, fields: object) => (await call('PATCH', path(kind), fields)).status;
    expect(await call('DELETE', path('personal'))).toMatchObject({ status: 403, text: '' });
    expect([await patch('personal', {}), await patch('linked', {})]).toEqual([403, 403]);
    expect(await patch('aws-secret', { account_policy: 'standard' })).toBe(200);
    expect(await patch('held', { name: 'x' })).toBe(200);
    simulator.switches.partialPatch = 'refused';
    expect(await patch('held', { name: 'x' })).toBe(422);
  });
});

describe('groups and policies', () => {
  it('have unique names, decide for their accounts, and give them back to the defaults', async () => {
    const fleet = fleetOf({ groupId: 2, policy: null }, { groupId: 3 });
    const { simulator, caller } = await startSite({ fleet });
    const { get, post, call } = await caller();
    const policy = { name: 'Yearly', code_name: 'yearly', scheduled_password_rotation: true };
    expect(await post(`${VAULT}/account-policy`, policy)).toMatchObject({ status: 422 });
    const added = await post(`${VAULT}/account-policy`, { ...policy, maximum_password_age: 365 });
    expect(added).toMatchObject({ status: 201, json: { id: 6, maximum_password_age: 365 } });
    expect(await post(`${VAULT}/account-policy`, { ...policy, maximum_password_age: 1 })).toMatchObject({
      status: 422,
      json: { errors: { name: expect.anything(), code_name: expect.anything() } },
    });
    await call('PATCH', `${VAULT}/account-group/2`, { account_policy: 'yearly' });
    expect(simulator.accounts()).toMatchObject([{ groupName: 'Databases', effectivePolicy: 'yearly' }, {}]);
    expect((await get(`${VAULT}/account-policy?code_name=YEARLY`)).json).toMatchObject([{ id: 6 }]);
    expect(await call('DELETE', `${VAULT}/account-policy/6`)).toMatchObject({ status: 204 });
    expect(await call('DELETE', `${VAULT}/account-group/2`)).toMatchObject({ status: 204 });
    expect(simulator.accounts()).toMatchObject([{ groupId: 1, effectivePolicy: 'default' }, { groupId: 3 }]);
    expect(await call('DELETE', `${VAULT}/account-group/1`)).toMatchObject({ status: 422 });
    expect(await call('DELETE', `${VAULT}/account-policy/1`)).toMatchObject({ status: 422 });
  });
});

describe('a fleet', () => {
  it('is the same for the same seed, and has every edge case', () => {
    const fleet = createFleet({ accounts: 100, seed: 4 });
    expect(fleet).toEqual(createFleet({ accounts: 100, seed: 4 }));
    expect(new Set(fleet.map(({ canary }) => canary)).size).toBe(100);
    expect(createFleet({ accounts: 100, seed: 5 })[0]?.canary).not.toBe(fleet[0]?.canary);
    const odd = fleet.filter(({ kind }) => kind !== 'plain').map(({ kind }) => kind);
    expect(odd).toHaveLength(14);
    expect([...new Set(odd)].toSorted()).toEqual([
      'auto-rotating',
      'aws-secret',
      'certificate',
      'held',
      'linked',
      'odd-credential',
      'odd-name',
      'personal',
      'same-name',
      'simultaneous',
    ]);
  });
});
