import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { DEFAULT_SWITCHES, type Switches } from '#local/simulators/sra/switches.ts';
import type { AllLeases } from '#shared/connections/all-leases.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { ItemPage, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { judge } from '#shared/domain/rotation/outcome.ts';
import { writtenDown } from '../vault-bench.ts';
import { openRelaySite } from './relay-site.ts';
import { countCalls, errorOf, RULE } from './site.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { clientId, permissions } = DEFAULT_API_ACCOUNT;

type Site = Awaited<ReturnType<typeof openRelaySite>>;

const openSite = (switches: Partial<Switches> = {}): Promise<Site> => openRelaySite({ site: { switches } });

const listPages = async (session: Pick<VaultSession, 'list'>, since?: string): Promise<ItemPage[]> => {
  const pages: ItemPage[] = [];
  for await (const page of session.list(RULE, {}, since)) pages.push(page);
  return pages;
};

const itemsBy = async (session: Pick<VaultSession, 'list'>, since?: string): Promise<ReadonlyMap<number, Item>> =>
  new Map((await listPages(session, since)).flatMap(({ items }) => items.map((item) => [Number(item.ref.id), item])));

const list = ({ vault }: Site, since?: string) => vault.session((session) => itemsBy(session, since));

/** Ids of accounts that can be used at once. */
const idsOf = ({ simulator }: Site, ...types: readonly string[]): readonly [number, number] => {
  const free = simulator.accounts().filter(({ kind, type }) => kind === 'plain' && types.includes(type));
  const [one, other] = free.map(({ id }) => id);
  if (one === undefined || other === undefined) throw new Error('The site has too few such accounts.');
  return [one, other];
};

const deny = ({ simulator }: Site, ...denied: readonly ('reportingVault' | 'reportingSession')[]): void =>
  simulator.changeApiAccount(clientId, {
    permissions: { ...permissions, ...Object.fromEntries(denied.map((one) => [one, false])) },
  });

describe('a list of accounts', () => {
  it('dates the changes of the last 89 days, by hand or by the site, and no other events', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    const before = await list(site);
    site.clock.now += DAY_MS;
    site.simulator.changeCredential(one);
    site.simulator.checkOutAs('dana', other);
    site.simulator.checkInAs('dana', other);
    const after = await list(site);
    expect(after.get(one)?.changedAt).toBe(new Date(site.clock.now).toISOString());
    expect(after.get(other)?.changedAt).toBe(before.get(other)?.changedAt);
    site.clock.now += 100 * DAY_MS;
    expect((await list(site)).get(one)?.changedAt).toBeUndefined();
  });

  it('shows changes since shortly before the time that is known, with one more call', async () => {
    const site = await openSite();
    const since = new Date(site.clock.now - DAY_MS).toISOString();
    const pages = await site.vault.session((session) => listPages(session, since));
    expect(new Set(pages.map(({ changesSince }) => changesSince))).toEqual(
      new Set([new Date(site.clock.now - DAY_MS - 55 * 60_000).toISOString()]),
    );
    expect(countCalls(site.simulator, 'activityReport')).toBe(1);
  });

  it('counts an event of an unknown type, and that of another account with the name, as a change', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'username_password');
    site.simulator.changeAccount(one, { name: 'twice' });
    site.simulator.changeAccount(other, { name: 'twice' });
    site.simulator.addEvent(one, 'Something New');
    const items = await list(site);
    const now = new Date(site.clock.now).toISOString();
    expect([items.get(one)?.changedAt, items.get(other)?.changedAt]).toEqual([now, now]);
  });

  it('shows a new name as a change, because the report knows only the old one', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'username_password');
    const before = await list(site);
    site.simulator.changeAccount(one, { name: 'renamed' });
    expect((await list(site)).get(one)?.mark).not.toBe(before.get(one)?.mark);
  });

  it.each([404, 403, 200] as const)('has no dates without the permission, answered with %i', async (reportRefusal) => {
    const site = await openSite({ reportRefusal });
    deny(site, 'reportingVault');
    const pages = await site.vault.session((session) => listPages(session));
    const items = pages.flatMap((page) => page.items);
    expect(items.length).toBeGreaterThan(0);
    expect(items.filter(({ changedAt }) => changedAt !== undefined)).toEqual([]);
    expect(pages.filter(({ changesSince }) => changesSince !== undefined)).toEqual([]);
  });

  it.each(['root', 'child'] as const)(
    'has no dates if there are no events, as an error in the %s',
    async (errorElement) => {
      const site = await openSite({ errorElement, errorCode: true, namespace: 'documented', retentionDays: 0 });
      site.clock.now += DAY_MS;
      const pages = await site.vault.session((session) => listPages(session));
      expect(pages.flatMap(({ items }) => items.filter(({ changedAt }) => changedAt !== undefined))).toEqual([]);
      expect(pages.every(({ changesSince }) => changesSince !== undefined)).toBe(true);
    },
  );

  it.each([
    ['an error of the site', { type: 'report-error', text: 'canary-1 The report failed.' }, 'RequestRejected'],
    ['a report that ends early', { type: 'malformed' }, 'AnswerMalformed'],
    [
      'the login page of a proxy',
      { type: 'status', status: 200, body: '<!DOCTYPE html><html><p>Sign in</p></html>', contentType: 'text/html' },
      'AnswerMalformed',
    ],
    ['another document', { type: 'wrong-shape', value: { canary: 'canary-1' } }, 'AnswerMalformed'],
  ] as const)('fails after %s, which is not the absence of changes', async (_what, effect, name) => {
    const site = await openSite();
    site.simulator.faults.add({ kind: 'activityReport', times: Number.POSITIVE_INFINITY, effect });
    const error = await errorOf(list(site));
    expect([error.name, error.message.includes('canary-')]).toEqual([name, false]);
  });

  it('reads a report that is too large in parts', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'username_password');
    site.simulator.changeCredential(one);
    const whole = await list(site);
    site.simulator.faults.add({ kind: 'activityReport', effect: { type: 'huge', bytes: 17 * 1024 * 1024 } });
    expect(await list(site)).toEqual(whole);
    expect(countCalls(site.simulator, 'activityReport')).toBe(4);
  });
});

describe('a rotation of accounts of the Vault', () => {
  const inRotation = async <T>(
    site: Site,
    work: (rotation: Rotation, items: ReadonlyMap<number, Item>) => Promise<T>,
  ) =>
    site.vault.session(async (session) => {
      const rotation = session.rotation?.(RULE);
      if (rotation === undefined) throw new Error('The source has no rotation.');
      return work(rotation, await itemsBy(session));
    });
  const itemIn = (items: ReadonlyMap<number, Item>, id: number): Item => {
    const item = items.get(id);
    if (item === undefined) throw new Error(`The list has no account ${id}.`);
    return writtenDown(item);
  };
  /** Starts a rotation of one account, and judges it after some time, as the workflow does. */
  const rotate = async (site: Site, id: number, afterMs: number) =>
    inRotation(site, async (rotation, items) => {
      const item = itemIn(items, id);
      expect([rotation.test]).toEqual([undefined]);
      const { state: before, refusal } = await rotation.inspect(item);
      expect(refusal).toBeUndefined();
      await rotation.change(item, { queue: true });
      site.clock.now += afterMs;
      const shown = await rotation.state(item);
      return judge({ before, shown, isOverdue: false, test: { result: 'impossible' } });
    });

  it('ends as rotated, without a test, and does not end before the site has changed the credential', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    site.simulator.rotationOf(one).delayMs = 2 * HOUR_MS;
    expect(await rotate(site, one, HOUR_MS)).toEqual({ status: 'started' });
    const changedAt = new Date(site.clock.now + 60_000).toISOString();
    expect(await rotate(site, other, HOUR_MS)).toEqual({ status: 'rotated', changedAt });
  });

  it.each(['empty', 'json', 'no-content'] as const)('accepts the answer %s', async (actionAnswer) => {
    const site = await openSite({ actionAnswer });
    expect((await rotate(site, idsOf(site, 'windows_local')[0], HOUR_MS)).status).toBe('rotated');
  });

  it.each(['Password Rotation Failed', 'Password Rotation Attempt Failed'])(
    'that ends as %s shows no change',
    async (rotationFailed) => {
      const { eventNames } = DEFAULT_SWITCHES;
      const site = await openSite({ eventNames: { ...eventNames, rotationFailed } });
      const [one] = idsOf(site, 'windows_local');
      site.simulator.rotationOf(one).result = 'fails';
      expect(await rotate(site, one, HOUR_MS)).toEqual({ status: 'started' });
    },
  );

  it('is refused, with the reason, for an account whose credential the site does not change', async () => {
    const site = await openSite();
    const [ssh] = idsOf(site, 'ssh', 'opaque_token', 'username_password');
    const [windows] = idsOf(site, 'windows_local');
    await inRotation(site, async (rotation, items) => {
      const both = [itemIn(items, windows), itemIn(items, ssh)];
      const order = await rotation.order?.(both);
      expect(order?.placements.map(({ refusal }) => refusal?.name)).toEqual([undefined, 'ChangeRefused']);
      expect((await rotation.inspect(itemIn(items, ssh))).refusal?.message).toContain('windows_local');
      const error = await errorOf(rotation.change(itemIn(items, ssh), { queue: true }));
      expect([error.name, error.mayHaveHappened]).toEqual(['ChangeRefused', false]);
    });
  });

  it('needs the permission for the report, at plan and at each start', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'windows_local');
    await inRotation(site, async (rotation, items) => {
      deny(site, 'reportingVault');
      const item = itemIn(items, one);
      for (const call of [
        () => rotation.inspect(item),
        () => rotation.state(item),
        async () => rotation.order?.([item]),
      ]) {
        const error = await errorOf(call());
        expect(error.name).toBe('PermissionMissing');
        expect(error.message).toContain('Vault account activity');
      }
      expect(site.simulator.changesOf(one)).toBe(0);
    });
  });

  it('reads many states in one report, and one more for each account whose name is not its own', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    site.simulator.changeAccount(one, { name: 'twice' });
    site.simulator.changeAccount(other, { name: 'twice' });
    site.simulator.changeCredential(one);
    await inRotation(site, async (rotation, items) => {
      const all = [...items.values()];
      const before = countCalls(site.simulator, 'activityReport');
      const states = new Map((await rotation.states(all, 1)).map(([ref, state]) => [Number(ref.id), state]));
      expect(countCalls(site.simulator, 'activityReport') - before).toBe(5);
      const now = new Date(site.clock.now).toISOString();
      expect(states.get(one)).toMatchObject({ changedAt: now });
      expect(states.get(other)).not.toMatchObject({ changedAt: now });
      for (const item of all) expect(states.get(Number(item.ref.id))).toEqual(await rotation.state(item));
    });
  });
});

describe('the check-outs of all users of a site', () => {
  const inLeases = async <T>(site: Site, work: (leases: AllLeases, items: ReadonlyMap<number, Item>) => Promise<T>) =>
    site.vault.session(async (session) => {
      const leases = session.allLeases?.(RULE);
      if (leases === undefined) throw new Error('The source does not show check-outs.');
      return work(leases, await itemsBy(session));
    });
  const find = (site: Site, hoursAgo = 1) =>
    inLeases(site, async (leases) => {
      const { open, unknown } = await leases.openedBefore(new Date(site.clock.now - hoursAgo * HOUR_MS).toISOString());
      return { open: new Map(open.map((one) => [Number(one.item.ref.id), one])), unknown };
    });

  it('are open since their begin, until they are checked in', async () => {
    const site = await openSite();
    const [held] = site.simulator.checkedOut();
    const [one] = idsOf(site, 'username_password');
    const since = new Date(site.clock.now).toISOString();
    site.simulator.checkOutAs('dana', one);
    site.clock.now += 3 * HOUR_MS;
    const { open, unknown } = await find(site);
    expect(unknown).toEqual([]);
    expect([...open.keys()].toSorted()).toEqual([held?.accountId, one].toSorted());
    expect(open.get(one)).toMatchObject({ since, inUse: false, holder: expect.stringMatching(/dana/i) });
    expect((await find(site, 4)).open.has(one)).toBe(false);
    site.simulator.checkInAs('dana', one);
    expect((await find(site)).open.has(one)).toBe(false);
  });

  it('are in use while a session that used the credential has no end', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'username_password');
    const session = site.simulator.startSession('dana', other);
    site.simulator.checkOutAs('dana', one);
    site.simulator.addEvent(one, 'Credentials Used', { data: session.lsid });
    site.clock.now += 3 * HOUR_MS;
    expect((await find(site)).open.get(one)?.inUse).toBe(true);
    site.simulator.endSession(session.lsid);
    expect((await find(site)).open.get(one)?.inUse).toBe(false);
    site.simulator.addEvent(one, 'Credentials Used', { data: 'f'.repeat(32) });
    expect((await find(site)).open.get(one)?.inUse).toBe('unknown');
  });

  it('may be in use if the API account may not read the sessions', async () => {
    const site = await openSite();
    deny(site, 'reportingSession');
    const [one, other] = idsOf(site, 'username_password');
    const session = site.simulator.startSession('dana', other);
    site.simulator.checkOutAs('dana', one, session.lsid);
    site.simulator.endSession(session.lsid);
    site.clock.now += 3 * HOUR_MS;
    expect((await find(site)).open.get(one)?.inUse).toBe('unknown');
  });

  it('are unknown for a name that two accounts have, one of them personal, and after an unknown event', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'username_password');
    const personal = site.simulator.accounts().find(({ kind }) => kind === 'personal');
    if (personal === undefined) throw new Error('The site has no personal account.');
    for (const id of [one, personal.id]) site.simulator.changeAccount(id, { name: 'twice' });
    for (const id of [one, other]) site.simulator.checkOutAs('dana', id);
    site.simulator.addEvent(other, 'Something New');
    site.clock.now += 3 * HOUR_MS;
    const { open, unknown } = await find(site);
    expect([open.has(one), open.has(other), unknown.length]).toEqual([false, false, 2]);
  });

  it('are unknown if the report does not reach back to the last one', async () => {
    const site = await openSite();
    const before = (await find(site)).unknown.length;
    site.clock.now += 100 * DAY_MS;
    const { open, unknown } = await find(site);
    expect([open.size, unknown.length > before]).toEqual([0, true]);
  });

  it('need the permission for the report', async () => {
    const site = await openSite();
    deny(site, 'reportingVault');
    expect((await errorOf(find(site))).name).toBe('PermissionMissing');
  });

  it.each([422, 200] as const)('end by force, again without an effect, answered with %i', async (idleForceCheckIn) => {
    const site = await openSite({ idleForceCheckIn });
    const [one] = idsOf(site, 'username_password');
    const [ssh] = idsOf(site, 'ssh', 'ssh_ca');
    for (const id of [one, ssh]) site.simulator.checkOutAs('dana', id);
    await inLeases(site, async (leases, items) => {
      const [item, key] = [items.get(one), items.get(ssh)];
      if (item === undefined || key === undefined) throw new Error('The list lacks accounts.');
      await leases.end(writtenDown(item));
      await leases.end(writtenDown(item));
      expect((await errorOf(leases.end(key))).name).toBe('ChangeRefused');
      const foreign = { ...item, ref: { kind: 'foreign', id: '1' } };
      expect((await errorOf(leases.end(foreign))).name).toBe('ContractViolated');
    });
    const held = site.simulator.checkedOut().map(({ accountId }) => accountId);
    expect([held.includes(one), held.includes(ssh)]).toEqual([false, true]);
  });

  it.each([
    { type: 'reset', when: 'after' },
    { type: 'status', status: 500, when: 'after' },
    { type: 'status', status: 200, body: 'Welcome', when: 'before' },
  ] as const)('are asked to end once, because a later one could begin: %o', async (effect) => {
    const site = await openSite();
    const [one] = idsOf(site, 'username_password');
    site.simulator.checkOutAs('dana', one);
    await inLeases(site, async (leases, items) => {
      const item = items.get(one);
      if (item === undefined) throw new Error('The list lacks the account.');
      site.simulator.faults.add({ kind: 'forceCheckIn', effect });
      expect((await errorOf(leases.end(item))).mayHaveHappened).toBe(true);
      expect(countCalls(site.simulator, 'forceCheckIn')).toBe(1);
    });
  });
});
