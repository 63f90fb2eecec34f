import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { startServer, type TestServer } from './site.ts';

const fleet = createFleet({ members: 6, groups: 2, collections: 1, seed: 1 });
const REQUEST = { groups: [], members: [], overwriteExisting: false, largeImport: false };
const person = (externalId: string | number, email = `${externalId}@example.com`) => ({
  email,
  externalId,
  deleted: false,
});

const send = ({ call }: TestServer, fields: object) => call('POST', '/organization/import', { ...REQUEST, ...fields });

const status = async (server: TestServer, fields: object) => (await send(server, fields)).status;

const emails = ({ simulator }: TestServer) => simulator.members().map(({ email }) => email);

describe('an import', () => {
  it('invites or stages who is new, adopts who has no external id, and sets the members of groups', async () => {
    const server = await startServer({ fleet });
    const { simulator } = server;
    const owner = simulator.members()[0];
    const members = [person('owner', owner?.email.toUpperCase()), person(7)];
    const group = { externalId: 'group-0001', name: 'Renamed', memberExternalIds: ['owner', 7, 'unknown'] };
    const groups = [group, { externalId: 'new', name: 'New', memberExternalIds: [] }];
    expect(await send(server, { members, groups })).toMatchObject({ status: 200, text: '' });
    expect(simulator.members()[0]?.externalId).toBe('owner');
    expect(simulator.members().at(-1)).toMatchObject({ externalId: '7', type: 2, status: 0 });
    expect(simulator.groups()[0]).toMatchObject({
      name: 'Renamed',
      memberIds: [owner?.id, simulator.members().at(-1)?.id],
    });
    expect(await status(server, { members: [person('staged')], inviteUsersAfterProvisioning: false })).toBe(200);
    expect(simulator.members().at(-1)).toMatchObject({ status: 3 });
    expect(simulator.addedEvents().map(({ type }) => type)).toEqual([1500, 1401, 1400, 1523]);
  });

  it('removes the deleted, and all others with an external id if it overwrites, but no owner', async () => {
    const server = await startServer({ fleet });
    const { simulator } = server;
    const [owner, kept, deleted, other, lost] = simulator.members();
    simulator.setForeignExternalId(owner?.id ?? '', 'owner');
    simulator.editMember(kept?.id ?? '', { externalId: null });
    const gone = (externalId: string | null | undefined) => ({ externalId, deleted: true });
    expect(await status(server, { members: [gone('owner'), gone(deleted?.externalId)] })).toBe(200);
    expect(emails(server)).not.toContain(deleted?.email);
    simulator.editMember(lost?.id ?? '', { hasMasterPassword: false });
    const members = [person(String(other?.externalId))];
    expect(await status(server, { members, overwriteExisting: true })).toBe(400);
    simulator.editMember(lost?.id ?? '', { hasMasterPassword: true });
    expect(await status(server, { members, overwriteExisting: true })).toBe(200);
    expect(emails(server)).toEqual([owner?.email, kept?.email, other?.email]);
  });

  it('fails for lists that are null and for duplicates, after the removals that come first', async () => {
    const server = await startServer({ fleet });
    const [, , deleted] = server.simulator.members();
    expect(await status(server, { members: null })).toBe(500);
    expect(await status(server, { groups: [{ name: 'a', externalId: 'a', memberExternalIds: null }] })).toBe(500);
    expect(await send(server, { members: [{ externalId: 'a' }] })).toMatchObject({
      status: 400,
      json: { errors: { 'Members[0].Email': expect.anything() } },
    });
    const members = [{ externalId: deleted?.externalId, deleted: true }, person('a'), person('b', 'A@example.com')];
    expect(await status(server, { members })).toBe(500);
    expect(emails(server)).not.toContain(deleted?.email);
    expect(emails(server)).not.toContain('a@example.com');
  });

  it('fails for groups of the organization that share an external id, with its members done', async () => {
    const server = await startServer({ fleet });
    await server.call('POST', '/groups', { name: 'Second', externalId: 'group-0001' });
    const groups = [{ name: 'Second', externalId: 'group-0001', memberExternalIds: [] }];
    expect(await status(server, { groups, members: [person('a')] })).toBe(500);
    expect(emails(server)).toContain('a@example.com');
    server.simulator.switches.plan = { ...server.simulator.switches.plan, groups: false };
    expect(await status(server, { groups, members: [person('b')] })).toBe(400);
    expect(emails(server)).toContain('b@example.com');
    server.simulator.switches.plan = { ...server.simulator.switches.plan, directory: false };
    expect(await status(server, { members: [person('c')] })).toBe(400);
    expect(emails(server)).not.toContain('c@example.com');
  });

  it('has a limit in the cloud, and one of seats', async () => {
    const server = await startServer({ fleet, switches: { importLimit: 2 } });
    const { switches } = server.simulator;
    const members = [1, 2, 3].map((id) => person(id));
    expect(await status(server, { members })).toBe(400);
    Object.assign(switches, { seats: 6, maxAutoScaleSeats: 6 });
    expect(await status(server, { members, largeImport: true })).toBe(400);
    switches.importOverSeats = 'ignored';
    expect(await status(server, { members, largeImport: true })).toBe(200);
    expect(emails(server)).toHaveLength(6);
    Object.assign(switches, { seats: null, deployment: 'self-hosted' });
    expect(await status(server, { members })).toBe(200);
    expect(emails(server)).toHaveLength(9);
    expect(await status(server, { members: [person(1, 'moved@example.com')] })).toBe(200);
    switches.importChangedEmail = 500;
    expect(await status(server, { members: [person(1, 'moved@example.com')] })).toBe(500);
  });
});
