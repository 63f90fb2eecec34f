import { describe, expect, it } from 'vitest';
import type { AllLeases } from '#shared/connections/all-leases.ts';
import type { Item } from '#shared/domain/item.ts';
import { writtenDown } from '../vault-bench.ts';
import { DAY_MS, deny, HOUR_MS, idsOf, itemsBy, openSite, type Site } from './activity-site.ts';
import { countCalls, errorOf, RULE } from './site.ts';

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

  it('end by force, which is refused for one that is over, not seen, or a key', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'username_password');
    const [ssh] = idsOf(site, 'ssh', 'ssh_ca');
    for (const id of [one, ssh]) site.simulator.checkOutAs('dana', id);
    await inLeases(site, async (leases, items) => {
      const [item, key] = [items.get(one), items.get(ssh)];
      if (item === undefined || key === undefined) throw new Error('The list lacks accounts.');
      await leases.end(writtenDown(item));
      expect((await errorOf(leases.end(writtenDown(item)))).name).toBe('ChangeRefused');
      const unseen = { ...item, ref: { ...item.ref, id: '999999' } };
      expect((await errorOf(leases.end(unseen))).name).toBe('NotFound');
      expect(await leases.current(unseen)).toMatchObject({ state: 'unknown' });
      expect((await errorOf(leases.end(key))).name).toBe('ChangeRefused');
      const refusals = [item, key].map(async (each) => {
        const current = await leases.current(each);
        return current.state === 'open' && current.lease.refusal;
      });
      expect(await Promise.all(refusals)).toEqual([false, expect.stringContaining('by force')]);
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
