import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/sra/fleet.ts';
import { describeSkipped } from '#shared/connections/sra/sources/account-list.ts';
import type { ItemPage, Source, Vault, VendorAccess } from '#shared/connections/vault.ts';
import { listAll } from '../vault-bench.ts';
import { openRelaySite } from './relay-site.ts';
import { anyItem, countCalls, errorOf, RULE } from './site.ts';

const FLEET = createFleet({ accounts: 250, seed: 1 });
const ROW = { type: 'username_password', personal: false, account_policy: 'standard' };
const PATH = 'api/config/v1/vault/account';

const inArray = async <T>(pages: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
};

const pagesOf = (vault: Vault<VendorAccess>, rule: Source = RULE): Promise<readonly ItemPage[]> =>
  vault.session((session) => inArray(session.list(rule)));

describe('a list of accounts', () => {
  it('is read by the links of the site, with one list of groups and one of policies', async () => {
    const { simulator, vault } = await openRelaySite({ site: { fleet: FLEET } });
    const { items, complete } = await vault.session((session) => listAll(session, RULE));
    expect([items.length > 200, complete]).toEqual([true, true]);
    expect([countCalls(simulator, 'list'), countCalls(simulator, 'groups', 'policies')]).toEqual([3, 2]);
    expect(simulator.audit.every(({ closesConnection }) => closesConnection)).toBe(true);
  });

  it.each([1, -1])('is incomplete if rows moved by %s between two pages', async (rowsMoved) => {
    const { vault } = await openRelaySite({ site: { fleet: FLEET, switches: { rowsMoved } } });
    expect((await vault.session((session) => listAll(session, RULE))).complete).toBe(false);
  });

  it.each(['https://elsewhere.example', 'http://127.0.0.1', ''])('follows no link to %s', async (origin) => {
    const { simulator, vault } = await openRelaySite();
    const path = origin === '' ? `/${PATH}/../user` : `/${PATH}`;
    const link = `<${origin}${path}?current_page=2>; rel="next"`;
    const headers = { Link: link };
    simulator.faults.add({ kind: 'list', effect: { type: 'status', status: 200, body: '[]', headers } });
    const error = await errorOf(pagesOf(vault));
    expect(error).toMatchObject({ name: 'AnswerMalformed', message: expect.stringContaining('next page') });
    expect(countCalls(simulator, 'list', 'people')).toBe(1);
  });

  it('that never ends is an error', async () => {
    const { simulator, vault } = await openRelaySite();
    const headers = { Link: `</${PATH}?per_page=100&current_page=1>; rel="next"` };
    const effect = { type: 'status', status: 200, body: '[]', headers } as const;
    simulator.faults.add({ kind: 'list', times: Number.POSITIVE_INFINITY, effect });
    expect((await errorOf(pagesOf(vault))).name).toBe('AnswerMalformed');
    expect(countCalls(simulator, 'list')).toBe(2);
  });

  it('of empty pages, each with another next one, is an error', async () => {
    const { simulator, vault } = await openRelaySite();
    for (const nth of [1, 2, 3, 4]) {
      const headers = { Link: `</${PATH}?per_page=100&current_page=${nth + 1}>; rel="next"` };
      simulator.faults.add({ kind: 'list', nth, effect: { type: 'status', status: 200, body: '[]', headers } });
    }
    expect((await errorOf(pagesOf(vault))).name).toBe('AnswerMalformed');
    expect(countCalls(simulator, 'list')).toBe(3);
  });

  it.each([
    [99, {}, true],
    [100, {}, false],
    [100, { Link: '<changed by a proxy>; next' }, false],
    [100, { Link: `</${PATH}?current_page=1>; rel="first", </${PATH}?current_page=1>; rel="last"` }, true],
    [100, { 'X-BT-Pagination-Total': '100' }, true],
    [100, { 'X-BT-Pagination-Total': '101' }, false],
  ])('of %i rows with the headers %o is complete: %s', async (rows, headers, complete) => {
    const { simulator, vault } = await openRelaySite();
    const [account] = simulator.accounts();
    const listed = Array.from({ length: rows }, (_, at) => ({ ...ROW, id: at + 1, name: account?.name }));
    simulator.faults.add({
      kind: 'list',
      effect: { type: 'status', status: 200, body: JSON.stringify(listed), headers },
    });
    expect((await pagesOf(vault)).every((page) => page.complete)).toBe(complete);
  });

  it('sets an unreadable row aside, and is incomplete', async () => {
    const oddRows = { 'account 1006': { name: null }, 'policy 5': { auto_rotate_credentials: 'canary-x' } };
    const { vault } = await openRelaySite({ site: { switches: { oddRows } } });
    const pages = await pagesOf(vault);
    expect(pages.flatMap(({ rejected = [] }) => rejected.map(({ title }) => title))).toEqual([
      "An account policy that can't be read (id 5)",
      "An account that can't be read (id 1006)",
    ]);
    expect(pages.filter(({ complete }) => !complete)).toHaveLength(2);
    expect(JSON.stringify(pages)).not.toContain('canary-x');
    expect(pages.flatMap(({ items }) => items).length).toBeGreaterThan(10);
  });

  it('names the selected accounts that are skipped, unless the rule selects types', async () => {
    const { simulator, vault } = await openRelaySite();
    const skipped = (pages: readonly ItemPage[]) => pages.flatMap((page) => page.skipped ?? []);
    expect(skipped(await pagesOf(vault))).toEqual([
      '4 selected accounts were skipped, because the relay does not check out such accounts: 1 linked to Password Safe, 1 of type aws_secret, 1 of type x509_ca, 1 of type x509_csr.',
    ]);
    expect(skipped(await pagesOf(vault, { ...RULE, select: { types: ['ssh'] } }))).toEqual([]);
    const listedIds = (await pagesOf(vault)).flatMap(({ items }) => items.map(({ ref }) => Number(ref.id)));
    const personal = simulator.accounts().filter(({ kind }) => kind === 'personal');
    expect([personal.length, personal.filter(({ id }) => listedIds.includes(id))]).toEqual([1, []]);
  });

  it('has the group and the policy that applies: that of the account, of its group, or the default one', async () => {
    const { simulator, vault } = await openRelaySite();
    const { items } = await vault.session((session) => listAll(session, RULE));
    const names = new Map([
      ['default', 'Default Policy'],
      ['standard', 'Standard'],
      ['rotating', 'Rotates after check-in'],
      ['simultaneous', 'Several at once'],
    ]);
    const known = new Map(simulator.accounts().map((account) => [String(account.id), account]));
    expect(items.map(({ ref, labels }) => [ref.id, labels['groupName'], labels['policyName']])).toEqual(
      items.map(({ ref: { id } }) => {
        const account = known.get(id);
        return [id, account?.groupName, names.get(account?.effectivePolicy ?? '')];
      }),
    );
    const refused = items.filter((item) => vault.rules(RULE).refusal?.(item) !== undefined);
    const rotating = items.filter(({ ref }) => known.get(ref.id)?.autoRotates === true);
    expect([rotating.length > 0, refused]).toEqual([true, rotating]);
    for (const rule of [{ ...RULE, autoRotated: true }, { source: 'vault-accounts' }]) {
      expect(vault.rules(rule).refusal).toBeUndefined();
    }
  });

  it('takes no policy for the default one while the list of policies is incomplete', async () => {
    const { simulator, vault } = await openRelaySite();
    const body = JSON.stringify([{ id: 9, name: 'Other', code_name: 'default', auto_rotate_credentials: false }]);
    const headers = { 'X-BT-Pagination-Total': '5' };
    simulator.faults.add({ kind: 'policies', effect: { type: 'status', status: 200, body, headers } });
    const { items, complete } = await vault.session((session) => listAll(session, RULE));
    expect([complete, new Set(items.map(({ labels }) => labels['policyName']))]).toEqual([false, new Set([''])]);
    expect(items.every((item) => vault.rules(RULE).refusal?.(item)?.name === 'NotRequestable')).toBe(true);
  });

  it('of one type is filtered by the site', async () => {
    const { simulator, vault } = await openRelaySite({ site: { fleet: FLEET } });
    const pages = await pagesOf(vault, { ...RULE, select: { types: ['windows_local'] } });
    expect(pages.flatMap(({ items }) => items).every(({ labels }) => labels['accountType'] === 'windows_local')).toBe(
      true,
    );
    expect(countCalls(simulator, 'list')).toBe(1);
  });
});

describe('a look-up', () => {
  it('in an incomplete list is an error, because the account can be missing, or be one of several', async () => {
    const { simulator, vault } = await openRelaySite();
    for (const body of ['[]', JSON.stringify([{ ...ROW, id: 1, name: 'app', account_group_id: 1 }])]) {
      const headers = { 'X-BT-Pagination-Total': '2' };
      simulator.faults.add({ kind: 'list', effect: { type: 'status', status: 200, body, headers } });
      const labels = { accountName: 'app', groupName: 'Default' };
      expect((await errorOf(vault.session((session) => session.find(RULE, labels)))).name).toBe('AnswerTruncated');
      simulator.faults.clear();
    }
  });

  it('of an account that cannot be checked out says so', async () => {
    const { simulator, vault } = await openRelaySite();
    const linked = simulator.accounts().find(({ kind }) => kind === 'linked');
    const labels = { accountName: linked?.name ?? '', groupName: linked?.groupName ?? '' };
    expect((await errorOf(vault.session((session) => session.find(RULE, labels)))).name).toBe('NotRequestable');
  });

  it('of a name that no account can have makes no call', async () => {
    const { simulator, vault } = await openRelaySite();
    for (const accountName of ['', 'x'.repeat(256)]) {
      const labels = { accountName, groupName: 'Databases' };
      expect(await vault.session((session) => session.find(RULE, labels))).toBe('none');
    }
    expect(countCalls(simulator, 'list')).toBe(0);
  });

  it('among unreadable rows is an error, because one of them can be the account', async () => {
    const { simulator, vault } = await openRelaySite({
      site: { switches: { oddRows: { 'account 1001': { personal: 'canary-x' } } } },
    });
    await vault.session(async (session) => {
      const item = await anyItem(session, simulator);
      expect(item.ref.id).not.toBe('1001');
      const accountName = simulator.accounts().find(({ id }) => id === 1001)?.name ?? '';
      const error = await errorOf(session.find(RULE, { accountName, groupName: 'Databases' }));
      expect(error).toMatchObject({ name: 'AnswerMalformed', message: expect.not.stringContaining('canary-x') });
    });
  });
});

it('a report shows no text of the site in place of a type', () => {
  const account = { accountId: 1, name: 'a', type: undefined, groupName: '', policyName: '', autoRotates: false };
  const types = ['<script>', 'x'.repeat(41), 'gcp_secret'];
  const accounts = types.map((typeName) => ({ ...account, typeName, personal: false }));
  expect(describeSkipped([...accounts, { ...account, typeName: 'ssh', personal: true }])).toBe(
    '4 selected accounts were skipped, because the relay does not check out such accounts: 1 of type gcp_secret, 1 personal, 2 of another type.',
  );
  expect(describeSkipped(accounts.slice(2))).toMatch(/^One selected account was skipped/);
});
