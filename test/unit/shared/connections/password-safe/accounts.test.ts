import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '#shared/connections/password-safe/account.ts';
import { type AccountQuery, listAccounts } from '#shared/connections/password-safe/accounts.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rejected } from '#shared/connections/vault.ts';

type Row = Record<string, unknown> & { SystemId: number; AccountId: number };

const row = (id: number, more: Record<string, unknown> = {}): Row => ({
  SystemId: 1,
  AccountId: id,
  SystemName: 'web-1',
  AccountName: `account-${id}`,
  DomainName: null,
  ...more,
});
const rows = (count: number): Row[] => Array.from({ length: count }, (_, index) => row(index));

type Query = Record<string, string | number | undefined>;
type Handler = (path: string, query: Query) => unknown;

/** A session with a vault whose answers a function computes. */
const sessionWith = (handler: Handler) => {
  const calls: { path: string; query: Query }[] = [];
  const session: Session = {
    connection: 'corp-vault',
    send: async (call) => {
      const query = call.query ?? {};
      calls.push({ path: call.path, query });
      const answer = {
        status: 200,
        headers: {},
        bytes: new Uint8Array(),
        text: JSON.stringify(handler(call.path, query)),
        receivedAtMs: 0,
      };
      const value = call.read(answer, { connection: 'corp-vault', name: call.path, idempotent: true });
      return { status: 200, headers: {}, at: undefined, value };
    },
  };
  return { session, calls };
};

const ALL: AccountQuery = { types: [], workgroups: [] };

const collect = async (session: Session, query: AccountQuery = ALL) => {
  const accounts: Account[] = [];
  const rejected: Rejected[] = [];
  let complete = true;
  for await (const page of listAccounts(session, query)) {
    accounts.push(...page.accounts);
    rejected.push(...page.rejected);
    complete &&= page.complete;
  }
  return { accounts, rejected, complete, ids: accounts.map(({ accountId }) => accountId) };
};

const page = (all: readonly Row[], { offset = 0, limit = 0 }: Query): Row[] =>
  all.slice(Number(offset), Number(offset) + Number(limit));

/** Answers with pages of at most `cap` rows. `before` can change the list before each page but the first. */
const pagesOf = (
  list: readonly Row[],
  { cap = 1000, counts = false, before = (all: readonly Row[]) => all, offsetIgnored = false } = {},
): Handler => {
  let all = list;
  let isFirst = true;
  return (_path, { offset = 0, limit = 0 }) => {
    if (!isFirst) all = before(all);
    isFirst = false;
    const start = offsetIgnored ? 0 : Number(offset);
    const data = all.slice(start, start + Math.min(cap, Number(limit)));
    return counts ? { TotalCount: all.length, Data: data } : data;
  };
};

describe('paging', () => {
  it('finds each account once, for any number, and is complete', async () => {
    const counts = fc.constantFrom(0, 1, 2, 999, 1000, 1001, 1999, 2000, 2500);
    await fc.assert(
      fc.asyncProperty(counts, fc.constantFrom(1, 2, 500, 1000), fc.boolean(), async (count, cap, isCounted) => {
        fc.pre(count / cap <= 100);
        const all = rows(count);
        const { session } = sessionWith(pagesOf(all, { cap, counts: isCounted }));
        const { ids, complete } = await collect(session);
        expect(ids).toEqual(all.map(({ AccountId }) => AccountId));
        expect(complete).toBe(true);
      }),
    );
  });

  it('reads a vault completely that silently cuts pages below the requested size', async () => {
    const { session } = sessionWith(pagesOf(rows(1500), { cap: 500 }));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 1500 } });
  });

  it('begins each page with the last row of the page before', async () => {
    const { session, calls } = sessionWith(pagesOf(rows(2500)));
    await collect(session);
    expect(calls.map(({ query: { offset } }) => offset)).toEqual([0, 999, 1998, 2499]);
  });

  it.each([
    [0, false, 1],
    [0, true, 1],
    [24, false, 2],
    [24, true, 1],
    [1000, false, 2],
    [1000, true, 1],
    [10_000, false, 12],
    [10_000, true, 11],
  ])('reads %i accounts, counted %s, in %i calls', async (count, counts, expected) => {
    const { session, calls } = sessionWith(pagesOf(rows(count), { counts }));
    await collect(session);
    expect(calls).toHaveLength(expected);
  });

  it.each([true, false])('is incomplete if an account was removed between two pages, counted %s', async (counts) => {
    const before = (all: readonly Row[]) => all.filter(({ AccountId }) => AccountId !== 10);
    const { session } = sessionWith(pagesOf(rows(2500), { counts, before }));
    const { ids, complete } = await collect(session);
    expect([ids.includes(1000), complete]).toEqual([true, false]);
  });

  it('is incomplete if as many accounts were added as removed', async () => {
    const before = (all: readonly Row[]) => [...all.filter(({ AccountId }) => AccountId !== 10), row(9000)];
    const { session } = sessionWith(pagesOf(rows(2500), { counts: true, before }));
    expect(await collect(session)).toMatchObject({ complete: false });
  });

  it('is complete if accounts were added between two pages, because it saw all earlier ones', async () => {
    let next = 5000;
    const before = (all: readonly Row[]) => [row(next++), ...all];
    const { session } = sessionWith(pagesOf(rows(2500), { before }));
    const { ids, complete } = await collect(session);
    expect([ids.length, complete]).toEqual([2500, true]);
  });

  it('is incomplete if a later page has another order, which skips one account and repeats another', async () => {
    const all = rows(1500);
    const [skipped = row(0), repeated = row(0)] = [all[1000], all[998]];
    const { session } = sessionWith(pagesOf(all, { before: () => all.with(998, skipped).with(1000, repeated) }));
    const { ids, complete } = await collect(session);
    expect([ids.length, complete]).toEqual([1499, false]);
  });

  it('is incomplete if a server that ignores the offset has a full page', async () => {
    const { session, calls } = sessionWith(pagesOf(rows(1500), { offsetIgnored: true }));
    expect(await collect(session)).toMatchObject({ complete: false, ids: { length: 1000 } });
    expect(calls).toHaveLength(2);
  });

  it('is complete if a server that ignores the offset has less than a page', async () => {
    const { session, calls } = sessionWith(pagesOf(rows(999), { offsetIgnored: true }));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 999 } });
    expect(calls).toHaveLength(3);
  });

  it.each([1, 2, 50])(
    'is incomplete if pages of %i are cut and new rows make one of them appear twice',
    async (cap) => {
      const before = (all: readonly Row[]) => [
        ...rows(Math.max(1, cap - 1)).map((_, index) => row(5000 + index)),
        ...all,
      ];
      const { session } = sessionWith(pagesOf(rows(120), { cap, before }));
      const { ids, complete } = await collect(session);
      expect([ids.length, complete]).toEqual([cap, false]);
    },
  );

  it('continues after a short page if the server counts more', async () => {
    const { session } = sessionWith(pagesOf(rows(120), { cap: 50, counts: true }));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 120 } });
  });

  it('is incomplete if the server counts more than it returns', async () => {
    const { session } = sessionWith((_path, { offset }) => ({ TotalCount: 12, Data: offset === 0 ? rows(10) : [] }));
    expect(await collect(session)).toMatchObject({ complete: false, ids: { length: 10 } });
  });

  it('ignores a count below the number of rows', async () => {
    const all = rows(1500);
    const { session } = sessionWith((_path, query) => ({ TotalCount: 0, Data: page(all, query) }));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 1500 } });
  });

  it('always ends, and never reports a list as complete that lacks rows of the server', async () => {
    const server = fc.record({
      count: fc.integer({ min: 0, max: 3000 }),
      cap: fc.constantFrom(1000, 700, 100),
      offsetIgnored: fc.boolean(),
      counts: fc.boolean(),
      leaving: fc.nat(3000),
    });
    await fc.assert(
      fc.asyncProperty(server, async ({ count, cap, offsetIgnored, counts, leaving }) => {
        // A server that silently cuts pages and ignores the offset looks like one without more rows.
        fc.pre(counts || !offsetIgnored || cap === 1000);
        const all = rows(count);
        const before = (rest: readonly Row[]) => rest.filter(({ AccountId }) => AccountId !== leaving);
        const { session } = sessionWith(pagesOf(all, { cap, offsetIgnored, counts, before }));
        const { ids, complete } = await collect(session);
        expect(new Set(ids).size).toBe(ids.length);
        const seen = new Set(ids);
        const missed = all.filter(({ AccountId }) => AccountId !== leaving && !seen.has(AccountId));
        if (complete) expect(missed).toEqual([]);
        if (!offsetIgnored && leaving >= count) expect(complete).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a single account that is not in a list', async () => {
    const { session } = sessionWith(() => row(7));
    expect(await collect(session)).toMatchObject({ complete: true, ids: [7] });
  });
});

describe('a row that cannot be read', () => {
  it.each([
    [{ SystemName: null }, 'SystemId 1, AccountId 7', 'expected a JSON string, found null at "SystemName"'],
    [{ ChangeState: 'soon' }, 'SystemId 1, AccountId 7', 'at "ChangeState"'],
    [{ AccountId: null }, 'SystemId 1', 'at "AccountId"'],
    [{ SystemId: null, AccountId: undefined }, 'without an id', 'at "SystemId"'],
  ])('with %j is rejected with its readable ids, and hides no other row', async (odd, ids, misfit) => {
    const all = [row(1), row(7, odd), row(8)];
    const { session } = sessionWith(pagesOf(all));
    const found = await collect(session);
    expect(found).toMatchObject({ complete: false, ids: [1, 8] });
    expect(found.rejected).toEqual([
      { title: `An account that can't be read (${ids})`, message: expect.stringContaining(misfit) },
    ]);
  });

  it('shows nothing of its content', async () => {
    const canary = 'canary-in-a-name';
    const { session } = sessionWith(pagesOf([row(1), row(7, { SystemId: canary.repeat(9), ApplicationID: canary })]));
    const { rejected } = await collect(session);
    expect(rejected).toHaveLength(1);
    expect(JSON.stringify(rejected)).not.toContain(canary);
  });

  it('is reported once, even at the end of a page or of the list', async () => {
    for (const [count, at] of [
      [1001, 1000],
      [1001, 999],
      [1000, 999],
      [3, 2],
      [3, 0],
    ] as const) {
      for (const odd of [{ AccountId: null, SystemId: null }, { SystemName: null }]) {
        const all = rows(count).map((one, index) => (index === at ? row(index, odd) : one));
        const { rejected, ids, complete } = await collect(sessionWith(pagesOf(all)).session);
        expect([rejected.length, ids.length, complete]).toEqual([1, count - 1, false]);
      }
    }
  });

  it('without an id does not cause an endless loop if the server ignores the offset', async () => {
    const odd = row(2, { SystemId: null, AccountId: null });
    for (const all of [
      [row(1), odd],
      [odd, row(1)],
      [row(1), odd, row(1)],
    ]) {
      const { session, calls } = sessionWith(pagesOf(all, { offsetIgnored: true }));
      expect(await collect(session)).toMatchObject({ complete: false, ids: [1] });
      expect(calls.length).toBeLessThanOrEqual(3);
    }
  });

  it('among the workgroups makes the list incomplete', async () => {
    const names = [
      { ID: 1, Name: 'prod-eu' },
      { ID: 2, Name: null },
    ];
    const { session } = sessionWith((path) => (path === 'Workgroups' ? names : [row(1)]));
    const found = await collect(session, { types: [], workgroups: ['prod*'] });
    expect(found).toMatchObject({
      complete: false,
      ids: [1],
      rejected: [{ title: expect.stringContaining('(ID 2)') }],
    });
  });

  it('makes the answer malformed if there are no other rows', async () => {
    for (const answer of [[null], ['text'], { Unexpected: true }, [{ Unexpected: true }, null], { TotalCount: 1 }]) {
      await expect(collect(sessionWith(() => answer).session)).rejects.toMatchObject({ name: 'AnswerMalformed' });
    }
  });
});

describe('a query', () => {
  it('is one list for each type in each workgroup, and returns an account in several lists once', async () => {
    const { session, calls } = sessionWith(() => rows(3));
    const { ids, complete, accounts } = await collect(session, {
      types: ['system', 'database'],
      workgroups: ['A', 'B'],
    });
    const asked = calls.filter(({ query: { offset } }) => offset === 0);
    expect(asked.map(({ query: { type, workgroupName } }) => [type, workgroupName])).toEqual([
      ['system', 'A'],
      ['system', 'B'],
      ['database', 'A'],
      ['database', 'B'],
    ]);
    expect([ids, complete]).toEqual([[0, 1, 2], true]);
    expect(accounts[0]?.workgroupName).toBe('A');
  });

  it('does not list workgroups for plain names', async () => {
    const { session, calls } = sessionWith(() => []);
    await collect(session, { types: [], workgroups: ['Team (EU) 1.5'] });
    expect(calls.map(({ path }) => path)).toEqual(['ManagedAccounts']);
  });

  it.each([
    [['prod*'], ['Production', 'prod-eu']],
    [['*', '!Prod*'], ['Finance']],
    [['!finance'], ['Production', 'prod-eu']],
    [
      ['Finance', 'prod-*'],
      ['prod-eu', 'Finance'],
    ],
  ])('resolves the workgroup patterns %j to %j', async (workgroups, expected) => {
    const names = [
      { ID: 1, Name: 'Production' },
      { ID: 2, Name: 'prod-eu' },
      { ID: 3, Name: 'Finance' },
    ];
    const { session, calls } = sessionWith((path) => (path === 'Workgroups' ? names : []));
    await collect(session, { types: [], workgroups });
    expect(calls.slice(1).map(({ query: { workgroupName } }) => workgroupName)).toEqual(expected);
  });

  it('is refused if its patterns match no workgroup, because it would mean all accounts or none', async () => {
    const { session, calls } = sessionWith(() => [{ Name: 'Finance' }]);
    await expect(collect(session, { types: [], workgroups: ['prod*'] })).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining('corp-vault: select.workgroups (prod*) matches none of the 1 workgroups'),
    });
    expect(calls).toHaveLength(1);
  });
});

describe('an account', () => {
  const read = async (more: Record<string, unknown>): Promise<Account | undefined> =>
    (await collect(sessionWith(() => [row(7, more)]).session)).accounts[0];

  it("contains the fields of the row under the relay's names", async () => {
    const account = await read({
      DomainName: 'CORP',
      ApplicationID: 4,
      MaximumReleaseDuration: 60,
      LastChangeDate: '2024-12-10T08:57:45.9',
      ChangeState: 0,
      IsChanging: false,
      IsISAAccess: true,
      SomethingNew: { nested: true },
    });
    expect(account).toEqual({
      kind: 'account',
      systemId: 1,
      accountId: 7,
      systemName: 'web-1',
      accountName: 'account-7',
      domainName: 'CORP',
      workgroupName: '',
      changedAt: '2024-12-10T08:57:45.900Z',
      changing: false,
      applicationId: 4,
      maximumReleaseMinutes: 60,
      isaAccess: true,
    });
  });

  it('may lack everything except its names and ids', async () => {
    const nulls = { ApplicationID: null, MaximumReleaseDuration: null, LastChangeDate: null, ChangeState: null };
    for (const more of [{}, nulls]) {
      expect(await read(more)).toMatchObject({ domainName: '', changedAt: undefined, changing: false });
    }
  });

  it.each([
    [{ ChangeState: 1 }, true],
    [{ ChangeState: 2, IsChanging: false }, true],
    [{ IsChanging: true }, true],
    [{ ChangeState: 0, IsChanging: false }, false],
  ])('with %j is changing: %s', async (more, changing) => {
    expect(await read(more)).toMatchObject({ changing });
  });

  it('with numbers as text is the same account', async () => {
    const texts = {
      SystemId: '1',
      AccountId: ' 7 ',
      ChangeState: '0',
      MaximumReleaseDuration: '60',
      IsChanging: 'False',
    };
    const numbers = { SystemId: 1, AccountId: 7, ChangeState: 0, MaximumReleaseDuration: 60, IsChanging: false };
    expect(await read(texts)).toEqual(await read(numbers));
    expect(await read({ ChangeState: '1' })).toMatchObject({ changing: true });
  });

  it.each([
    ['11/27/2026, 2:00:00 AM', '11/27/2026, 2:00:00 AM'],
    ['/Date(1795744800000)/', '/Date(1795744800000)/'],
    [1795744800, '1795744800'],
  ])('with the date of change %j has an unreadable date, which differs from no date', async (LastChangeDate, text) => {
    expect(await read({ LastChangeDate })).toMatchObject({ changedAt: undefined, unreadableDate: text });
  });

  it.each([null, '', '  '])('with the date of change %j has no date', async (LastChangeDate) => {
    const account = await read({ LastChangeDate });
    expect([account?.changedAt, account?.unreadableDate]).toEqual([undefined, undefined]);
  });
});
