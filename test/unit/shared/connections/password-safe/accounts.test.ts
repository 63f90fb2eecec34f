import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '#shared/connections/password-safe/account.ts';
import { type AccountQuery, listAccounts } from '#shared/connections/password-safe/accounts.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';

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

/** A session with a vault that answers calls by a function. */
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
  let complete = true;
  for await (const page of listAccounts(session, query)) {
    accounts.push(...page.accounts);
    complete &&= page.complete;
  }
  return { accounts, complete, ids: accounts.map(({ accountId }) => accountId) };
};

const page = (all: readonly Row[], { offset = 0, limit = 0 }: Query): Row[] =>
  all.slice(Number(offset), Number(offset) + Number(limit));

describe('paging', () => {
  it('finds each account once, whatever the number, and knows that these are all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1, 999, 1000, 1001, 2000, 2500), fc.boolean(), async (count, wrapped) => {
        const all = rows(count);
        const { session, calls } = sessionWith((_path, query) =>
          wrapped ? { TotalCount: count, Data: page(all, query) } : page(all, query),
        );
        const { ids, complete } = await collect(session);
        expect(ids).toEqual(all.map(({ AccountId }) => AccountId));
        expect(complete).toBe(true);
        expect(calls.map(({ query: { offset } }) => offset)).toEqual(calls.map((_, index) => index * 1000));
        expect(calls.length).toBeLessThanOrEqual(Math.floor(count / 1000) + 1);
      }),
    );
  });

  it('says that it is incomplete when a server that ignores the offset has a full page', async () => {
    const all = rows(1500);
    const { session, calls } = sessionWith(() => all.slice(0, 1000));
    expect(await collect(session)).toMatchObject({ complete: false, ids: { length: 1000 } });
    expect(calls).toHaveLength(2);
  });

  it('is complete when a server that ignores the offset has less than a page', async () => {
    const { session, calls } = sessionWith(() => rows(999));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 999 } });
    expect(calls).toHaveLength(1);
  });

  it('goes on after a short page when the server counts more', async () => {
    const all = rows(120);
    const { session } = sessionWith((_path, { offset = 0 }) => ({
      TotalCount: 120,
      Data: all.slice(Number(offset), Number(offset) + 50),
    }));
    expect(await collect(session)).toMatchObject({ complete: true, ids: { length: 120 } });
  });

  it('says that it is incomplete when the server counts more than it gives', async () => {
    const { session } = sessionWith((_path, { offset }) => ({ TotalCount: 12, Data: offset === 0 ? rows(10) : [] }));
    expect(await collect(session)).toMatchObject({ complete: false, ids: { length: 10 } });
  });

  it('always ends, and never calls a list complete that lacks what the server has', async () => {
    const server = fc.record({
      count: fc.integer({ min: 0, max: 3000 }),
      cap: fc.constantFrom(1000, 700),
      offsetIgnored: fc.boolean(),
      wrapped: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(server, async ({ count, cap, offsetIgnored, wrapped }) => {
        // A server that cuts pages without a word can't be told from one that has no more.
        fc.pre(wrapped || cap === 1000);
        const all = rows(count);
        const { session } = sessionWith((_path, { offset = 0 }) => {
          const start = offsetIgnored ? 0 : Number(offset);
          const data = all.slice(start, start + cap);
          return wrapped ? { TotalCount: count, Data: data } : data;
        });
        const { ids, complete } = await collect(session);
        expect(new Set(ids).size).toBe(ids.length);
        if (complete) expect(ids).toHaveLength(count);
        if (!offsetIgnored) expect(complete).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a single account that is not in a list', async () => {
    const { session } = sessionWith(() => row(7));
    expect(await collect(session)).toMatchObject({ complete: true, ids: [7] });
  });
});

describe('a query', () => {
  it('is one list for each type in each workgroup, and an account in several lists is found once', async () => {
    const { session, calls } = sessionWith(() => rows(3));
    const { ids, complete, accounts } = await collect(session, {
      types: ['system', 'database'],
      workgroups: ['A', 'B'],
    });
    expect(calls.map(({ query: { type, workgroupName } }) => [type, workgroupName])).toEqual([
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

  it('is refused when its patterns match no workgroup, rather than taken for all or none', async () => {
    const { session, calls } = sessionWith(() => [{ Name: 'Finance' }]);
    await expect(collect(session, { types: [], workgroups: ['prod*'] })).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining('corp-vault: none of the 1 workgroups'),
    });
    expect(calls).toHaveLength(1);
  });
});

describe('an account', () => {
  const read = async (more: Record<string, unknown>): Promise<Account | undefined> =>
    (await collect(sessionWith(() => [row(7, more)]).session)).accounts[0];

  it('is what the row says, in our words', async () => {
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

  it('may lack everything but its names and ids', async () => {
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

  it('without an id makes the whole list unreadable, rather than shorter', async () => {
    await expect(read({ AccountId: null })).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });
});
