import { describe, expect, test } from 'vitest';
import type { ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { RESOURCES } from '#shared/connections/secretsafe/resources/resources.ts';
import { describeResource, type ResourceSite } from '../resource-suite.ts';
import { openResourceSite, type RelaySiteOptions } from './relay-site.ts';

type Kind = keyof typeof RESOURCES;
const MARK = 'people 0123456789abcdef';

const specOf = (kind: Kind, settings: object): unknown => RESOURCES[kind].settings.parse({ type: kind, ...settings });

const PERSON = { email: 'Joiner@Example.com' };
const [FIRST = '', SECOND = ''] = ['Group 001', 'Group 002'];

const openSite = async (options: RelaySiteOptions = { hasForeignIds: false }) => {
  const site = await openResourceSite(options);
  const workOn = (kind: Kind): ResourceWork => {
    const work = site.resources(kind);
    if (work === undefined) throw new Error(`There is no ${kind}.`);
    return work;
  };
  return { ...site, workOn };
};
type Opened = Awaited<ReturnType<typeof openSite>>;
type RefsOf = (site: Opened) => Promise<Wanted['refs']>;

const WRITES = ['invite', 'createGroup', 'updateMember', 'updateGroup', 'savePolicy'] as const;

const open =
  (kind: Kind, refsOf: RefsOf = async () => ({})) =>
  async (): Promise<ResourceSite> => {
    const site = await openSite();
    const refs = await refsOf(site);
    return {
      work: site.workOn(kind),
      refs,
      loseAnswers: (isLost) => {
        if (!isLost) return site.simulator.faults.clear();
        for (const call of WRITES) site.simulator.faults.add({ kind: call, effect: { type: 'reset', when: 'after' } });
      },
      everythingVisible: () => JSON.stringify(site.simulator.audit),
    };
  };

const create = (site: Opened, kind: Kind, settings: object): Promise<string> =>
  site.workOn(kind).create({ spec: specOf(kind, settings), refs: {} }, { mark: MARK });
const aMember: RefsOf = async (site) => ({ member: [await create(site, 'secretsafe-member', PERSON)] });
const aGroup: RefsOf = async (site) => ({ group: [await create(site, 'secretsafe-group', { name: 'Owners' })] });

describe('the resources of SecretSafe', () => {
  describeResource({
    name: 'secretsafe-member',
    type: RESOURCES['secretsafe-member'],
    settings: { ...PERSON, groups: [FIRST] },
    changes: { groups: [FIRST, SECOND] },
    fixed: {},
    open: open('secretsafe-member'),
  });
  describeResource({
    name: 'secretsafe-group',
    type: RESOURCES['secretsafe-group'],
    settings: { name: 'Owners of web-77' },
    changes: {},
    fixed: {},
    open: open('secretsafe-group'),
  });
  for (const [holder, refsOf] of [
    ['member', aMember],
    ['group', aGroup],
  ] as const) {
    describeResource({
      name: 'secretsafe-collection-access',
      type: RESOURCES['secretsafe-collection-access'],
      settings: { [holder]: 'holder', collection: 'collection-0001', right: 'view' },
      changes: { right: 'manage' },
      fixed: {},
      open: open('secretsafe-collection-access', refsOf),
    });
  }
  describeResource({
    name: 'secretsafe-policy',
    type: RESOURCES['secretsafe-policy'],
    settings: { adopt: true, policy: 'master-password', data: { minLength: 14 }, apply: true },
    changes: { enabled: false, data: { minLength: 16 } },
    fixed: {},
    open: open('secretsafe-policy'),
  });
});

const EXISTING = { email: 'person-00012@example.com' };

describe('a member of a blueprint', () => {
  const kind = 'secretsafe-member';
  const wantedFor = (settings: object): Wanted => ({ spec: specOf(kind, settings), refs: {} });
  const stateOf = ({ simulator }: Opened, id: string) => simulator.members().find((member) => member.id === id);

  test('is revoked and restored, and keeps its groups', async () => {
    const site = await openSite();
    const id = await create(site, kind, { ...PERSON, groups: [FIRST] });
    const before = stateOf(site, id);
    await site.workOn(kind).setEnabled?.(id, false);
    expect(stateOf(site, id)).toEqual({ ...before, status: -1, statusBefore: 0 });
    await site.workOn(kind).setEnabled?.(id, true);
    expect(stateOf(site, id)?.status).toBe(0);
  });

  test('loses groups and collections on a server that cannot revoke, and stays a member', async () => {
    const site = await openSite({ hasForeignIds: false, site: { switches: { era: 'older' } } });
    const found = await site.workOn(kind).find(wantedFor(EXISTING));
    const id = found?.id ?? '';
    site.simulator.editMember(id, { accessAll: true });
    await site.workOn(kind).setEnabled?.(id, false);
    expect(stateOf(site, id)).toMatchObject({ status: 2, groupIds: [], access: {}, accessAll: false });
  });

  test('is neither revoked nor removed once someone has promoted it', async () => {
    const site = await openSite();
    const id = await create(site, kind, PERSON);
    site.simulator.editMember(id, { type: 1 });
    const refused = { name: 'ChangeRefused', message: expect.stringContaining('admin') };
    await expect(site.workOn(kind).setEnabled?.(id, false)).rejects.toMatchObject(refused);
    await expect(site.workOn(kind).remove(id)).rejects.toMatchObject(refused);
    expect(stateOf(site, id)?.status).toBe(0);
  });

  test.each([
    ['keeps the external id of another program, whatever the relay is to mark', undefined],
    ['keeps the external id of a declared state', 'pam-relay/relay/rule/0123456789abcdef01234567'],
  ])('%s', async (_what, declared) => {
    const site = await openSite(declared === undefined ? {} : undefined);
    const last = site.simulator.members().at(-1);
    if (declared !== undefined) site.simulator.setForeignExternalId(last?.id ?? '', declared);
    const work = site.workOn(kind);
    const found = await work.find(wantedFor(EXISTING));
    expect(found).toMatchObject({ mark: undefined, isUnmarkable: true });
    if (found === undefined) return;
    const before = stateOf(site, found.id);
    await work.setMark?.(wantedFor(EXISTING), found, MARK);
    await work.change(wantedFor({ ...EXISTING, groups: [FIRST] }), { ...found, mark: MARK }, ['groups']);
    expect(stateOf(site, found.id)?.externalId).toBe(before?.externalId);
  });

  test.each(['secretsafe-member', 'secretsafe-group'] as const)(
    'gets no external id where another program sets them: %s',
    async (one) => {
      const site = await openSite({});
      const id = await create(site, one, one === kind ? PERSON : { name: 'Owners' });
      const all = [...site.simulator.members(), ...site.simulator.groups()];
      expect(all.find((object) => object.id === id)?.externalId).toBeNull();
      expect(await site.workOn(one).read?.(id)).toMatchObject({ mark: undefined, isUnmarkable: true });
    },
  );

  test('names a group that does not exist', async () => {
    const site = await openSite();
    const desired = site.workOn(kind).desired(wantedFor({ ...PERSON, groups: ['Missing'] }));
    await expect(desired).rejects.toMatchObject({ name: 'NotFound', message: expect.stringContaining('"Missing"') });
  });

  test('is not said to be absent by a list with an unreadable row', async () => {
    const site = await openSite();
    const [, row] = site.simulator.members();
    site.simulator.switches.oddRows = { [row?.id ?? '']: { type: 'unknown' } };
    await expect(site.workOn(kind).find(wantedFor(PERSON))).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });
});

describe('a policy of a blueprint', () => {
  const kind = 'secretsafe-policy';
  const SETTINGS = { adopt: true, policy: 'master-password', data: { minLength: 14 } };
  const wantedFor = (settings: object): Wanted => ({ spec: specOf(kind, settings), refs: {} });

  test('is only reported, unless it says otherwise', async () => {
    const site = await openSite();
    site.simulator.savePolicy(1, true, { minLength: 12 });
    const work = site.workOn(kind);
    const found = await work.find(wantedFor(SETTINGS));
    if (found === undefined) throw new Error('There is no such policy.');
    await expect(work.change(wantedFor(SETTINGS), found, ['data'])).rejects.toMatchObject({ name: 'ChangeRefused' });
    await work.restore?.(wantedFor(SETTINGS), undefined);
    expect(site.simulator.policies()).toMatchObject([{ enabled: true, data: { minLength: 12 } }]);
  });

  test('returns to its earlier settings, and keeps those of others', async () => {
    const site = await openSite();
    site.simulator.savePolicy(1, true, { minLength: 12, minComplexity: 3 });
    const work = site.workOn(kind);
    const wanted = wantedFor({ ...SETTINGS, apply: true });
    const earlier = (await work.find(wanted))?.fields;
    await work.create(wanted, { mark: MARK });
    expect(site.simulator.policies()).toMatchObject([{ data: { minLength: 14, minComplexity: 3 } }]);
    site.simulator.savePolicy(1, true, { minLength: 14, minComplexity: 4 });
    await work.restore?.(wanted, earlier);
    expect(site.simulator.policies()).toMatchObject([{ enabled: true, data: { minLength: 12, minComplexity: 4 } }]);
  });
});
