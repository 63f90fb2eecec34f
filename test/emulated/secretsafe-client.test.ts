import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type SecretSafeSimulator, startSecretSafe } from '#local/simulators/secretsafe/server.ts';
import { installMcpClient, type McpClient, startMcpClient } from './support/mcp.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const NOW = Date.UTC(2026, 2, 1, 8);
const DAY_MS = 86_400_000;
const WINDOW = { start: new Date(NOW - DAY_MS).toISOString(), end: new Date(NOW + DAY_MS).toISOString() };

let server: SecretSafeSimulator;
let client: McpClient;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'secretsafe-client-'));
  const started = startSecretSafe({ now: () => NOW, switches: { throttling: 'off' } });
  [server] = await Promise.all([started, installMcpClient()]);
  writeFileSync(join(home, 'ca.pem'), server.caPem);
  client = startMcpClient({
    BW_API_BASE_URL: `${server.url}/api`,
    BW_IDENTITY_URL: `${server.url}/identity`,
    BW_CLIENT_ID: server.apiKey().clientId,
    BW_CLIENT_SECRET: server.apiKey().clientSecret,
    NODE_EXTRA_CA_CERTS: join(home, 'ca.pem'),
  });
});
afterAll(async () => {
  await client?.close();
  await server?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Calls a tool of the organization, and expects its success. Most tools print JSON. */
const use = async (tool: string, args?: object): Promise<string> => {
  const { isError, text } = await client.call(tool, args);
  expect([tool, isError ? text : '']).toEqual([tool, '']);
  return text;
};
const DONE = 'Success: Operation completed';
const refusal = async (tool: string, args?: object): Promise<string> => {
  const { isError, text } = await client.call(tool, args);
  expect(isError).toBe(true);
  return text;
};

const idSchema = z.looseObject({ id: z.string() });
const listSchema = z.object({
  data: z.array(z.looseObject({})),
  continuationToken: z.string().nullable(),
});
const made = async (tool: string, args: object): Promise<string> =>
  idSchema.parse(JSON.parse(await use(tool, args))).id;
const list = async (tool: string, args?: object) => listSchema.parse(JSON.parse(await use(tool, args)));
const idsOf = async (tool: string, args: object): Promise<readonly string[]> =>
  z.array(z.string()).parse(JSON.parse(await use(tool, args)));

const memberOf = (id: string) => server.members().find((member) => member.id === id);
const groupOf = (id: string) => server.groups().find((group) => group.id === id);
const eventsSince = (count: number) =>
  server
    .addedEvents()
    .slice(count)
    .map(({ type }) => type);
const invite = (name: string, more: object = {}) =>
  made('invite_org_member', { email: `${name}@example.com`, type: 2, ...more });

describe("the vendor's MCP server, at an organization", () => {
  it('offers its tools of an organization', async () => {
    const tools = (await client.tools()).filter((name) => /_org_/.test(name));
    expect(tools).toEqual(expect.arrayContaining(['list_org_members', 'revoke_org_member', 'get_org_events']));
  });

  it('lists members, groups, collections and policies, with one token for all calls', async () => {
    const [collection] = (await list('list_org_collections')).data;
    const collectionId = z.string().parse(collection?.['id']);
    const members = server.members().map(({ id, email, type, status }) => ({ id, email, type, status }));
    expect((await list('list_org_members')).data).toMatchObject(members);
    const groups = server.groups().map(({ id, name, externalId }) => ({ id, name, externalId }));
    expect((await list('list_org_groups')).data).toMatchObject(groups);
    expect((await list('list_org_policies')).data).toEqual([]);
    expect(JSON.parse(await use('get_org_collection', { collectionId }))).toEqual(collection);
    expect(JSON.parse(await use('get_org_member', { memberId: members[0]?.id }))).toMatchObject(members[0] ?? {});
    expect(JSON.parse(await use('get_org_group', { groupId: groups[0]?.id }))).toMatchObject(groups[0] ?? {});
    expect(server.issuedTokens()).toHaveLength(1);
  });

  it('invites a member into groups and collections, and invites it again', async () => {
    const before = server.addedEvents().length;
    const [group] = server.groups();
    const [collection] = (await list('list_org_collections')).data;
    const collections = [{ id: collection?.['id'], readOnly: false, hidePasswords: false, manage: true }];
    const id = await invite('joined', { externalId: 'person-9', groups: [group?.id], collections });
    expect(memberOf(id)).toMatchObject({
      email: 'joined@example.com',
      type: 2,
      status: 0,
      externalId: 'person-9',
      groupIds: [group?.id],
      access: { [String(collection?.['id'])]: { readOnly: false, hidePasswords: false, manage: true } },
    });
    expect(await use('reinvite_org_member', { memberId: id })).toBe(DONE);
    expect(eventsSince(before)).toEqual([1500]);
  });

  it('replaces a member and its groups', async () => {
    const [first, second] = server.groups();
    const [collection] = (await list('list_org_collections')).data;
    const collections = [{ id: collection?.['id'], readOnly: true }];
    const memberId = await invite('moved', { externalId: 'person-10', groups: [first?.id], collections });
    const before = server.addedEvents().length;
    await use('update_org_member', { memberId, type: 1 });
    expect(memberOf(memberId)).toMatchObject({ type: 1, externalId: null, groupIds: [first?.id], access: {} });
    expect(await use('update_org_member_groups', { memberId, groupIds: [second?.id] })).toBe(DONE);
    expect(await idsOf('get_org_member_groups', { memberId })).toEqual([second?.id]);
    expect(eventsSince(before)).toEqual([1502, 1504]);
  });

  it('revokes, restores and removes a member', async () => {
    const memberId = await invite('left');
    const before = server.addedEvents().length;
    expect(await use('revoke_org_member', { memberId })).toBe(DONE);
    expect(memberOf(memberId)?.status).toBe(-1);
    expect(await refusal('revoke_org_member', { memberId })).toContain('400 Bad Request');
    await use('restore_org_member', { memberId });
    expect(memberOf(memberId)?.status).toBe(0);
    await use('remove_org_member', { memberId });
    expect(memberOf(memberId)).toBeUndefined();
    expect(eventsSince(before)).toEqual([1511, 1512, 1503]);
  });

  it('creates, changes, fills and removes a group', async () => {
    const [owner] = server.members();
    const before = server.addedEvents().length;
    const groupId = await made('create_org_group', { name: 'Operations', externalId: 'ops' });
    await use('update_org_group', { groupId, name: 'Operations 2' });
    expect(groupOf(groupId)).toMatchObject({ name: 'Operations 2', externalId: null });
    expect(await use('update_org_group_members', { groupId, memberIds: [owner?.id] })).toBe(DONE);
    expect(await idsOf('get_org_group_members', { groupId })).toEqual([owner?.id]);
    expect(await use('delete_org_group', { groupId })).toBe(DONE);
    expect(groupOf(groupId)).toBeUndefined();
    // Neither the members of a group nor its removal leave an event.
    expect(eventsSince(before)).toEqual([1400, 1401]);
  });

  it('writes the groups of a collection, a policy and the seats', async () => {
    const [group] = server.groups();
    const [, collection] = (await list('list_org_collections')).data;
    const collectionId = String(collection?.['id']);
    await use('update_org_collection', { collectionId, groups: [{ id: group?.id, readOnly: false, manage: true }] });
    expect(server.groups()[0]?.access[collectionId]).toEqual({ readOnly: false, hidePasswords: false, manage: true });
    await use('update_org_policy', { policyType: 1, enabled: true, data: { minLength: 14 } });
    expect(JSON.parse(await use('get_org_policy', { policyType: 1 }))).toMatchObject({
      type: 1,
      enabled: true,
      data: { minLength: 14 },
    });
    await use('update_org_subscription', { passwordManager: { seats: 500 } });
    expect(JSON.parse(await use('get_org_subscription'))).toMatchObject({ passwordManager: { seats: 500 } });
  });

  it('imports members and groups without an overwrite', async () => {
    const count = server.members().length;
    await use('import_org_users_and_groups', {
      groups: [{ name: 'Imported', externalId: 'imported', memberExternalIds: ['person-11'] }],
      members: [{ email: 'imported@example.com', externalId: 'person-11' }],
      overwriteExisting: false,
    });
    expect(server.members()).toHaveLength(count + 1);
    const group = server.groups().find(({ name }) => name === 'Imported');
    expect(server.members().at(-1)).toMatchObject({ email: 'imported@example.com', groupIds: [group?.id] });
  });

  it('reads the events of a window', async () => {
    const memberId = await invite('watched');
    const [newest] = (await list('get_org_events', WINDOW)).data;
    expect(newest).toMatchObject({ object: 'event', type: 1500, memberId, actingUserId: null });
    const earlier = { start: '2020-01-01', end: '2020-02-01' };
    expect((await list('get_org_events', earlier)).data).toEqual([]);
  });

  it('is told what the server refuses', async () => {
    const [owner] = server.members();
    expect(await refusal('remove_org_member', { memberId: owner?.id })).toContain('at least one confirmed owner');
    expect(await refusal('get_org_member', { memberId: UNKNOWN_ID })).toContain('404 Not Found');
    const email = owner?.email;
    expect(await refusal('invite_org_member', { email, type: 2 })).toContain('already been invited');
  });
});

// Read in its source, in the version that package.json pins; docs/emulated.md lists them.
describe('known differences between the MCP server and the API', () => {
  it('loses some characters of every text', async () => {
    const groupId = await made('create_org_group', { name: `R&D <"'>` });
    expect(groupOf(groupId)?.name).toBe('RD ');
  });

  it('reads only the first 50 events of a window', async () => {
    server.addEvents(...Array.from({ length: 60 }, (_, index) => ({ type: 1000, date: NOW - index })));
    const page = await list('get_org_events', WINDOW);
    expect(page.data).toHaveLength(50);
    expect(page.continuationToken).toMatch(/./);
    const next = await list('get_org_events', { ...WINDOW, continuationToken: page.continuationToken });
    expect(next.data).toEqual(page.data);
  });

  it('sends filters of events that the server does not have', async () => {
    const all = await list('get_org_events', WINDOW);
    expect(await list('get_org_events', { ...WINDOW, memberId: UNKNOWN_ID })).toEqual(all);
  });

  it('takes the right in a collection for optional, which the server requires', async () => {
    const [collection] = (await list('list_org_collections')).data;
    const collections = [{ id: collection?.['id'] }];
    expect(await refusal('create_org_group', { name: 'Without a right', collections })).toContain('400 Bad Request');
  });

  it('does not wait when the server says slow down, and does not sign in again when its token is refused', async () => {
    server.faults.add({ times: 1, kind: 'groups', effect: { type: 'rate-limited', retryAfter: '1' } });
    expect(await refusal('list_org_groups')).toContain('429');
    server.faults.add({ times: 1, kind: 'groups', effect: { type: 'status', status: 401 } });
    expect(await refusal('list_org_groups')).toContain('401');
    expect(server.issuedTokens()).toHaveLength(1);
  });

  it('cannot write a member of the older server, which requires accessAll', async () => {
    const memberId = await invite('old');
    server.switches.era = 'older';
    expect(await refusal('update_org_member', { memberId, type: 2 })).toContain('AccessAll');
    expect(await refusal('revoke_org_member', { memberId })).toContain('404 Not Found');
    server.switches.era = 'today';
  });
});
