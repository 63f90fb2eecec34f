import { describe, expect, test } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { startSite } from './site.ts';

const FLEET = createFleet({ accounts: 60, seed: 3 });
const IDS = FLEET.map(({ accountId }) => accountId);

const idsIn = (text: string): number[] => JSON.parse(text).map((row: { AccountId: number }) => row.AccountId);

describe('a site with unusual lists', () => {
  test('limits pages below the requested size', async () => {
    const site = await startSite({ fleet: FLEET, switches: { largestPage: 25 } });
    const caller = await site.signIn();
    expect(idsIn((await caller.get('ManagedAccounts?limit=1000')).text)).toEqual(IDS.slice(0, 25));
    expect(idsIn((await caller.get('ManagedAccounts?limit=1000&offset=50')).text)).toEqual(IDS.slice(50));
  });

  test.each([
    [1, IDS.slice(31, 41)],
    [-2, IDS.slice(28, 38)],
  ])('moves all but the first page by the rows that were removed or added: %i', async (rowsMoved, later) => {
    const site = await startSite({ fleet: FLEET, switches: { rowsMoved } });
    const caller = await site.signIn();
    expect(idsIn((await caller.get('ManagedAccounts?limit=10')).text)).toEqual(IDS.slice(0, 10));
    expect(idsIn((await caller.get('ManagedAccounts?limit=10&offset=30')).text)).toEqual(later);
  });

  test('counts a list of accounts', async () => {
    const site = await startSite({ fleet: FLEET, switches: { accountList: 'counted' } });
    const answer = JSON.parse((await (await site.signIn()).get('ManagedAccounts?limit=10&offset=55')).text);
    expect([answer.TotalCount, answer.Data.length]).toEqual([60, 5]);
  });

  test('returns other fields for single rows', async () => {
    const oddRows = { [`account ${IDS[1]}`]: { SystemName: null } };
    const site = await startSite({ fleet: FLEET, switches: { oddRows } });
    const rows = JSON.parse((await (await site.signIn()).get('ManagedAccounts')).text);
    expect(rows.filter(({ SystemName }: { SystemName: unknown }) => SystemName === null)).toMatchObject([
      { AccountId: IDS[1], AccountName: FLEET[1]?.accountName },
    ]);
  });

  test('writes dates in local formats', async () => {
    const site = await startSite({ fleet: FLEET, switches: { dateFormat: 'en-US' } });
    const rows = JSON.parse((await (await site.signIn()).get('ManagedAccounts')).text);
    expect(rows[0].LastChangeDate).toMatch(/^\d+\/\d+\/2025, \d+:\d\d:\d\d\s[AP]M$/);
  });
});
