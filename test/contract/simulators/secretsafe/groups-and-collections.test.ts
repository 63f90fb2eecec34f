import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { field, rows, startServer } from './site.ts';

const fleet = createFleet({ members: 6, groups: 3, collections: 4, seed: 1 });
const [groupId = '', otherGroupId = ''] = fleet.groups.map(({ id }) => id);
const [collectionId = '', , , personalId = ''] = fleet.collections.map(({ id }) => id);
const memberIds = fleet.members.map(({ id }) => id);

describe('a group', () => {
  it('is created, listed and removed, and nothing makes its name or external id unique', async () => {
    const { call, get, simulator } = await startServer({ fleet });
    const body = { name: 'Group 001', externalId: 'group-0001' };
    const created = await call('POST', '/groups', body);
    expect(created).toMatchObject({ status: 200, json: { object: 'group', ...body, collections: null } });
    const id = String(field(created, 'id'));
    expect(rows(await get('/groups')).filter(({ name }) => name === 'Group 001')).toHaveLength(2);
    expect((await get(`/groups/${id}`)).json).toMatchObject({ collections: [] });
    const cleared = await call('PUT', `/groups/${groupId}`, { name: 'x', collections: [] });
    expect(cleared.json).toMatchObject({ externalId: null, collections: [] });
    expect((await get(`/groups/${groupId}`)).json).toMatchObject({ collections: [] });
    expect(await call('POST', '/groups', { name: ' ' })).toMatchObject({
      status: 400,
      json: { errors: { Name: expect.anything() } },
    });
    expect(await call('POST', '/groups', { name: 'x'.repeat(101) })).toMatchObject({ status: 400 });
    expect(await call('DELETE', `/groups/${id}`)).toMatchObject({ status: 200, text: '' });
    expect(await get(`/groups/${id}`)).toMatchObject({ status: 404, text: '' });
    simulator.switches.plan = { ...simulator.switches.plan, groups: false };
    expect(await call('POST', '/groups', body)).toMatchObject({ status: 400 });
    expect(simulator.addedEvents().map(({ type, groupId }) => [type, groupId])).toEqual([
      [1400, id],
      [1401, groupId],
    ]);
  });

  it('gets exactly the members of a list, and loses them with its end, without an event', async () => {
    const { call, get, simulator } = await startServer({ fleet });
    expect(await call('PUT', `/groups/${groupId}/member-ids`, { memberIds: memberIds.slice(0, 2) })).toMatchObject({
      status: 200,
    });
    expect((await get(`/groups/${groupId}/member-ids`)).json).toEqual(memberIds.slice(0, 2));
    await call('PUT', `/groups/${otherGroupId}/member-ids`, { memberIds: memberIds.slice(1, 3) });
    await call('DELETE', `/groups/${groupId}`);
    const groupsOf = async (index: number) => (await get(`/members/${memberIds[index]}/group-ids`)).json;
    expect([await groupsOf(0), await groupsOf(1)]).toEqual([[], [otherGroupId]]);
    await call('PUT', `/groups/${otherGroupId}/member-ids`, {});
    expect(await groupsOf(1)).toEqual([]);
    expect(simulator.addedEvents()).toEqual([]);
    expect(simulator.groups().map(({ id }) => id)).toEqual(fleet.groups.slice(1).map(({ id }) => id));
  });
});

describe('a collection', () => {
  it('has an external id and groups, never a name, and the personal ones are hidden', async () => {
    const { call, get, simulator } = await startServer({ fleet });
    const all = rows(await get('/collections'));
    expect(all).toHaveLength(3);
    expect(Object.keys(all[0] ?? {})).toEqual(['object', 'id', 'externalId', 'groups']);
    expect((await get(`/collections/${collectionId}`)).json).toMatchObject({ groups: [{ id: groupId }] });
    expect(await get(`/collections/${personalId}`)).toMatchObject({ status: 404, text: '' });
    expect(await call('PUT', `/collections/${personalId}`, {})).toMatchObject({ status: 404 });
    expect(await call('DELETE', `/collections/${personalId}`)).toMatchObject({ status: 400 });
    const kept = await call('PUT', `/collections/${collectionId}`, {});
    expect(kept.json).toMatchObject({ externalId: null, groups: null });
    expect((await get(`/collections/${collectionId}`)).json).toMatchObject({ groups: [{ id: groupId }] });
    await call('PUT', `/collections/${collectionId}`, { groups: [{ id: otherGroupId, readOnly: false }] });
    expect((await get(`/collections/${collectionId}`)).json).toMatchObject({ groups: [{ id: otherGroupId }] });
    expect((await get(`/groups/${groupId}`)).json).toMatchObject({ collections: [] });
    expect(await call('DELETE', `/collections/${collectionId}`)).toMatchObject({ status: 200 });
    expect(simulator.groups().flatMap(({ access }) => Object.keys(access))).not.toContain(collectionId);
    expect(simulator.addedEvents().map(({ type }) => type)).toEqual([1301, 1301]);
  });

  it('keeps a manager of it, unless administrators are', async () => {
    const { call, simulator } = await startServer({ fleet, switches: { adminsManageCollections: false } });
    const put = (manage: boolean) =>
      call('PUT', `/collections/${collectionId}`, { groups: [{ id: groupId, readOnly: false, manage }] });
    simulator.editMember(memberIds[0] ?? '', { access: new Map() });
    simulator.editMember(memberIds[3] ?? '', { access: new Map() });
    expect([(await put(false)).status, (await put(true)).status]).toEqual([400, 200]);
    simulator.switches.adminsManageCollections = true;
    expect(await put(false)).toMatchObject({ status: 200 });
  });
});
