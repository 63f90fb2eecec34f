import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { field, rows, startServer } from './site.ts';

const fleet = createFleet({ members: 14, groups: 3, collections: 4, seed: 1 });
const [owner, admin, invited, accepted, revoked] = fleet.members.map(({ id }) => id);
const [groupId = '', otherGroupId = ''] = fleet.groups.map(({ id }) => id);
const [collectionId = ''] = fleet.collections.map(({ id }) => id);
const UNKNOWN = '00000000-0000-4000-a000-000000000000';

const types = ({ simulator }: Awaited<ReturnType<typeof startServer>>) =>
  simulator.addedEvents().map(({ type, memberId }) => [type, memberId]);

describe('a member', () => {
  it('is read alone and in one complete list, and unknown ids have no body', async () => {
    const { get } = await startServer({ fleet });
    const members = await get('/members');
    expect(members.json).toMatchObject({ object: 'list', continuationToken: null });
    expect(rows(members)).toHaveLength(14);
    expect(rows(members)[3]).toEqual((await get(`/members/${accepted}`)).json);
    expect(rows(members)[0]).toMatchObject({
      object: 'member',
      type: 0,
      status: 2,
      externalId: null,
      permissions: null,
    });
    expect(await get(`/members/${accepted}/group-ids`)).toMatchObject({ json: [groupId] });
    expect(await get(`/members/${accepted?.toUpperCase()}`)).toMatchObject({ status: 200 });
    expect(await get(`/members/${UNKNOWN}`)).toMatchObject({ status: 404, text: '' });
    expect(await get('/members/7')).toMatchObject({
      status: 400,
      json: { object: 'error', errors: { id: [expect.any(String)] } },
    });
  });

  it('is invited once per address, whatever its case', async () => {
    const server = await startServer({ fleet });
    const collections = [{ id: collectionId, readOnly: true }];
    const body = {
      email: 'New@Example.com',
      type: 2,
      externalId: 'x',
      collections,
      groups: [groupId],
      accessAll: false,
    };
    const answer = await server.call('POST', '/members', body);
    expect(answer.json).toMatchObject({
      status: 0,
      userId: null,
      email: 'new@example.com',
      collections: [{ id: collectionId, readOnly: true, hidePasswords: false, manage: false }],
    });
    expect(answer.json).not.toHaveProperty('accessAll');
    const id = String(field(answer, 'id'));
    expect((await server.get(`/members/${id}/group-ids`)).json).toEqual([groupId]);
    expect(await server.call('POST', '/members', { email: 'NEW@example.com', type: 2 })).toMatchObject({
      status: 400,
      json: { message: 'This user has already been invited.', errors: null },
    });
    server.simulator.switches.invitedEmail = 'as-sent';
    const kept = await server.call('POST', '/members', { email: 'Kept@Example.com', type: 2 });
    expect(kept.json).toMatchObject({ email: 'Kept@Example.com', collections: null });
    expect(types(server)[0]).toEqual([1500, id]);
    expect(server.simulator.addedEvents()[0]).not.toHaveProperty('actingUserId');
  });

  it('is refused with the errors of all its fields', async () => {
    const { call, simulator } = await startServer({ fleet });
    const refused = async (fields: unknown) => {
      const answer = await call('POST', '/members', fields);
      expect(answer).toMatchObject({ status: 400, json: { message: "The request's model state is invalid." } });
      return Object.keys(field(answer, 'errors') as object);
    };
    const person = { email: 'a@example.com', type: 2 };
    expect(await refused({})).toEqual(['Email', 'Type']);
    expect(await refused({ ...person, email: 'Dana <a@example.com>' })).toEqual(['Email']);
    expect(await refused({ ...person, email: `${'a'.repeat(250)}@example.com` })).toEqual(['Email']);
    expect(await refused({ ...person, type: 3 })).toEqual(['Type']);
    expect(await refused({ ...person, type: '2' })).toEqual(['$.type']);
    expect(await refused({ ...person, externalId: 'x'.repeat(301) })).toEqual(['ExternalId']);
    expect(await refused({ ...person, permissions: {} })).toEqual(['Permissions']);
    expect(await refused({ ...person, collections: [{ id: collectionId }] })).toEqual(['Collections[0].ReadOnly']);
    expect(await refused({ ...person, groups: ['x'] })).toEqual(['$.groups[0]']);
    expect(await refused('{"email":')).toEqual(['$']);
    const managing = { id: collectionId, readOnly: true, manage: true };
    expect(await refused({ ...person, collections: [managing] })).toEqual(['Collections[0]']);
    const elsewhere = await call('POST', '/members', { ...person, groups: [UNKNOWN] });
    expect(elsewhere).toMatchObject({ status: 404, json: { object: 'error' } });
    expect(simulator.addedEvents()).toEqual([]);
  });

  it('takes a seat from its invitation on, which the cloud may buy', async () => {
    const { call, simulator } = await startServer({ fleet, switches: { seats: 14, maxAutoScaleSeats: 14 } });
    const invite = async (email: string) => (await call('POST', '/members', { email, type: 2 })).status;
    expect([await invite('a@example.com'), await invite('b@example.com')]).toEqual([200, 400]);
    expect(await call('POST', `/members/${revoked}/restore`)).toMatchObject({ status: 400 });
    simulator.switches.maxAutoScaleSeats = 15;
    expect(await call('POST', `/members/${revoked}/restore`)).toMatchObject({ status: 200 });
    expect(simulator.switches.seats).toBe(15);
    Object.assign(simulator.switches, { deployment: 'self-hosted', maxAutoScaleSeats: null });
    expect(await invite('c@example.com')).toBe(400);
  });

  it('moves through its statuses by calls and by people', async () => {
    const server = await startServer({ fleet });
    const { call, get, simulator } = server;
    const post = async (id: string | undefined, act: string) => (await call('POST', `/members/${id}/${act}`)).status;
    const status = async (id: string | undefined) => field(await get(`/members/${id}`), 'status');
    expect([await post(invited, 'reinvite'), await post(accepted, 'reinvite')]).toEqual([200, 400]);
    simulator.acceptInvitation(String(invited));
    expect((await get(`/members/${invited}`)).json).toMatchObject({ status: 1, userId: expect.any(String) });
    simulator.confirm(String(invited));
    expect(await status(invited)).toBe(2);
    expect([await post(invited, 'revoke'), await post(invited, 'revoke')]).toEqual([200, 400]);
    expect(await status(invited)).toBe(-1);
    expect([await post(invited, 'restore'), await post(invited, 'restore')]).toEqual([200, 400]);
    expect(await status(invited)).toBe(2);
    expect([await post(revoked, 'restore'), await status(revoked)]).toEqual([200, 2]);
    simulator.leave(String(accepted));
    expect(await get(`/members/${accepted}`)).toMatchObject({ status: 404 });
    expect(types(server)).toEqual([
      [1501, invited],
      [1511, invited],
      [1512, invited],
      [1512, revoked],
      [1516, accepted],
    ]);
  });

  it('is removed, revoked and demoted, unless it is the last confirmed owner', async () => {
    const { call, simulator } = await startServer({ fleet });
    const last = { status: 400, json: { message: 'Organization must have at least one confirmed owner.' } };
    const put = { type: 1, externalId: 'x' };
    expect(await call('DELETE', `/members/${owner}`)).toMatchObject(last);
    expect(await call('POST', `/members/${owner}/revoke`)).toMatchObject(last);
    expect(await call('PUT', `/members/${owner}`, put)).toMatchObject(last);
    expect(await call('PUT', `/members/${owner}`, { ...put, type: 0 })).toMatchObject({ status: 200 });
    simulator.editMember(String(admin), { type: 0 });
    expect(await call('DELETE', `/members/${owner}`)).toMatchObject({ status: 200, text: '' });
    expect(await call('DELETE', `/members/${owner}`)).toMatchObject({ status: 404 });
    expect(simulator.addedEvents().map(({ type }) => type)).toEqual([1502, 1502, 1503]);
    expect(simulator.audit.filter(({ changes }) => changes > 0).map(({ kind, id }) => [kind, id])).toEqual([
      ['updateMember', owner],
      ['removeMember', owner],
    ]);
  });

  it('gets exactly the groups of a list, without those that do not exist', async () => {
    const server = await startServer({ fleet });
    const put = (groupIds: unknown) => server.call('PUT', `/members/${accepted}/group-ids`, { groupIds });
    expect(await put([otherGroupId, UNKNOWN])).toMatchObject({ status: 200, text: '' });
    expect((await server.get(`/groups/${otherGroupId}/member-ids`)).json).toContain(accepted);
    expect((await server.get(`/groups/${groupId}/member-ids`)).json).not.toContain(accepted);
    server.simulator.switches.unknownIdsOfSets = 404;
    expect(await put([UNKNOWN])).toMatchObject({ status: 404 });
    expect(types(server)).toEqual([[1504, accepted]]);
  });

  it('can be under the hand of another directory connector, or have unexpected fields', async () => {
    const { get, simulator } = await startServer({ fleet });
    simulator.setForeignExternalId(String(accepted), 'foreign');
    simulator.switches.oddRows = { [String(accepted)]: { status: 7, newField: true } };
    expect((await get(`/members/${accepted}`)).json).toMatchObject({
      externalId: 'foreign',
      status: 7,
      newField: true,
    });
    expect(simulator.addedEvents()).toEqual([]);
  });
});
