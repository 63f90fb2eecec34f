import { describe, expect, it } from 'vitest';
import { DAY_MS, deny, HOUR_MS, idsOf, list, listPages, openSite } from './activity-site.ts';
import { countCalls, errorOf } from './site.ts';

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
      new Set([new Date(site.clock.now - DAY_MS - 12 * HOUR_MS).toISOString()]),
    );
    expect(countCalls(site.simulator, 'activityReport')).toBe(1);
  });

  it.each([-12, -3, 3, 12])('shows each change of a site whose clock is %i hours ahead', async (hours) => {
    const site = await openSite({ clockSkewMs: hours * HOUR_MS });
    const [one] = idsOf(site, 'username_password');
    const since = new Date(site.clock.now).toISOString();
    site.clock.now += 60_000;
    site.simulator.changeCredential(one);
    const changedAt = new Date(site.clock.now + hours * HOUR_MS).toISOString();
    expect((await list(site, since)).get(one)?.changedAt).toBe(changedAt);
  });

  it('ignores an event in the future, which would hide a later change', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'username_password');
    const name = site.simulator.accounts().find(({ id }) => id === one)?.name;
    const rows = [site.clock.now, site.clock.now + 60_000].map(
      (atMs) => `<vault_account_activity timestamp="${atMs / 1000}" account="${name}" event_type="Password Changed"/>`,
    );
    const body = `<vault_account_activity_list>${rows.join('')}</vault_account_activity_list>`;
    site.simulator.faults.add({ kind: 'activityReport', effect: { type: 'status', status: 200, body } });
    expect((await list(site)).get(one)?.changedAt).toBe(new Date(site.clock.now).toISOString());
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
    expect(pages.flatMap(({ skipped = [] }) => skipped).join()).toMatch(/may not read the Vault account activity/);
  });

  it.each([403, 404])(
    'fails after the page of a proxy with the status %i, which is no missing permission',
    async (status) => {
      const site = await openSite();
      const effect = { type: 'status', status, body: '<html>Not Found</html>', contentType: 'text/html' } as const;
      site.simulator.faults.add({ kind: 'activityReport', effect });
      expect((await errorOf(list(site))).name).toBe('RequestRejected');
    },
  );

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
