import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { field, rows, startServer } from './site.ts';

const fleet = createFleet({ members: 6, groups: 2, collections: 2, seed: 1 });
const [, memberId = ''] = fleet.members.map(({ id }) => id);
const [groupId = ''] = fleet.groups.map(({ id }) => id);
const [collectionId = ''] = fleet.collections.map(({ id }) => id);

describe('an older server', () => {
  it('wants and shows accessAll, has managers, and lists members without collections', async () => {
    const { call, get } = await startServer({ fleet, switches: { era: 'older' } });
    const put = async (fields: object) => (await call('PUT', `/members/${memberId}`, { type: 2, ...fields })).status;
    expect([await put({}), await put({ accessAll: true, type: 4 }), await put({ accessAll: true, type: 3 })]).toEqual([
      400, 400, 200,
    ]);
    const collections = [{ id: collectionId, readOnly: true, hidePasswords: true }];
    const invited = { email: 'a@example.com', type: 2, accessAll: false, collections };
    const answer = await call('POST', '/members', invited);
    expect(answer.json).toMatchObject({ accessAll: false });
    expect(field(answer, 'collections')).toEqual([{ id: collectionId, readOnly: true }]);
    const member = rows(await get('/members'))[1];
    expect(member).toMatchObject({ type: 3, accessAll: true, collections: null });
    expect(member).not.toHaveProperty('permissions');
    expect((await get(`/members/${memberId}`)).json).toMatchObject({ collections: [] });
    expect(rows(await get('/collections'))[0]).toMatchObject({ groups: null });
    expect(await call('PUT', `/groups/${groupId}`, { name: 'x' })).toMatchObject({ status: 400 });
    expect(await call('PUT', `/groups/${groupId}`, { name: 'x', accessAll: true })).toMatchObject({
      json: { accessAll: true },
    });
  });

  it('knows neither revoke nor restore nor the subscription', async () => {
    const { call, get } = await startServer({ fleet, switches: { era: 'older' } });
    expect(await call('POST', `/members/${memberId}/revoke`)).toMatchObject({ status: 404, text: '' });
    expect(await call('POST', `/members/${memberId}/restore`)).toMatchObject({ status: 404 });
    expect(await get('/organization/subscription')).toMatchObject({ status: 404 });
    expect(await get('/policies')).toMatchObject({ status: 200 });
  });
});

describe('a server that serves imports alone', () => {
  it('revokes the deleted, restores the others, renames no group, and has another model of errors', async () => {
    const server = await startServer({ fleet, switches: { era: 'import-only' } });
    const { call, get, askToken, simulator } = server;
    const device = { device_identifier: 'a', device_name: 'relay', device_type: '22' };
    expect(await askToken()).toMatchObject({ status: 400, json: { errorModel: { object: 'error' } } });
    expect(await askToken(device)).toMatchObject({ status: 200 });
    expect(await askToken({ ...device, client_secret: 'wrong' })).toMatchObject({ json: { object: 'error' } });
    expect(await get('/members')).toMatchObject({ status: 404 });
    const [, , , , target] = simulator.members();
    const member = (deleted: boolean) => ({ email: target?.email, externalId: 'dn', deleted });
    const groups = [{ name: 'New name', externalId: 'group-0001', memberExternalIds: ['dn'] }];
    const send = async (fields: object, overwriteExisting = false) =>
      (await call('POST', '/organization/import', { members: [], groups: [], overwriteExisting, ...fields })).status;
    const status = () => simulator.members().find(({ id }) => id === target?.id)?.status;
    expect(await send({ members: [member(true)] })).toBe(200);
    expect(status()).toBe(-1);
    expect(await send({ members: [member(false)], groups })).toBe(200);
    expect(status()).toBe(2);
    expect(simulator.groups()[0]).toMatchObject({ name: 'Group 001', memberIds: [target?.id] });
    expect(await send({ members: [{ externalId: 'x', deleted: true }] })).toBe(422);
    expect(await send({ members: [member(false)] }, true)).toBe(200);
    expect(simulator.members().filter(({ externalId }) => externalId !== null)).toMatchObject([{ externalId: 'dn' }]);
    simulator.switches.importOnlyGroups = 'off';
    expect(await send({ groups: [{ name: 'Another', externalId: 'another', memberExternalIds: [] }] })).toBe(200);
    expect(simulator.groups()).toHaveLength(2);
  });
});

describe('an installation', () => {
  it('publishes the paths that it knows, or nothing', async () => {
    const { send, simulator } = await startServer();
    const paths = async () => {
      const answer = await send('GET', '/api/specs/public/swagger.json');
      return answer.status === 200 ? Object.keys(field(answer, 'paths') as object) : answer.status;
    };
    expect(await paths()).toContain('/public/members/{id}/revoke');
    simulator.switches.era = 'older';
    expect(await paths()).not.toContain('/public/members/{id}/revoke');
    expect(await paths()).toContain('/public/members/{id}');
    simulator.switches.specification = 'absent';
    expect(await paths()).toBe(404);
  });

  it('has a subscription in the cloud, whose totals can be changed', async () => {
    const { call, get, simulator } = await startServer({ fleet, switches: { seats: 10 } });
    const path = '/organization/subscription';
    expect((await get(path)).json).toMatchObject({ passwordManager: { seats: 10 }, secretsManager: null });
    const change = { passwordManager: { seats: 12, maxAutoScaleSeats: -1 } };
    expect(await call('PUT', path, change)).toMatchObject({ status: 200, json: { message: expect.any(String) } });
    expect((await get(path)).json).toMatchObject({ passwordManager: { seats: 12, maxAutoScaleSeats: null } });
    expect(await call('PUT', path, { passwordManager: { seats: 1 } })).toMatchObject({ status: 500 });
    expect(await call('PUT', path, {})).toMatchObject({ status: 400 });
    expect((await call('PUT', path, { secretsManager: { seats: 1 } })).text).toContain('no access');
    simulator.switches.deployment = 'self-hosted';
    expect(await get(path)).toMatchObject({ status: 404, text: '' });
  });
});
