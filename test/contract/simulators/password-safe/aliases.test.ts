import { describe, expect, test } from 'vitest';
import { type Caller, fleetOf, startSite } from './site.ts';

const FLEET = fleetOf({}, {}, {});
const [FIRST, SECOND, THIRD] = FLEET.map(({ accountId }) => accountId);
const ALIASES = [
  { aliasId: 1, aliasName: 'pair', accountIds: [FIRST ?? 0, SECOND ?? 0] },
  { aliasId: 2, aliasName: 'single', accountIds: [THIRD ?? 0] },
  { aliasId: 3, aliasName: 'unmapped', accountIds: [] },
];
const REQUEST = { DurationMinutes: 5, Reason: 'contract test' };

const open = async () => {
  const site = await startSite({ fleet: FLEET, aliases: ALIASES });
  return { site, caller: await site.signIn() };
};
const read = async (caller: Caller, path: string) => JSON.parse((await caller.get(path)).text);

describe('an alias', () => {
  test('is listed by its state, with its current account and its possible accounts', async () => {
    const { caller } = await open();
    const rows = await read(caller, 'Aliases');
    expect(rows).toMatchObject([
      { AliasId: 1, AliasName: 'pair', AliasState: 2, AccountId: FIRST, MappedAccounts: [{ Status: 'Active' }, {}] },
      { AliasId: 2, AliasState: 1, AccountId: THIRD },
    ]);
    expect(await read(caller, 'Aliases?state=0')).toMatchObject([{ AliasId: 3, AccountId: null }]);
    expect(await read(caller, 'Aliases?name=PAIR')).toMatchObject({ AliasId: 1 });
    expect(await read(caller, 'Aliases/2')).toMatchObject({ AliasName: 'single' });
    expect((await caller.get('Aliases?name=unknown')).status).toBe(404);
    expect((await caller.get('Aliases/9')).status).toBe(404);
  });

  test('follows the account that changed last, after a while', async () => {
    const { site, caller } = await open();
    site.simulator.changeCredential(SECOND ?? 0);
    expect(await read(caller, 'Aliases/1')).toMatchObject({ AccountId: FIRST });
    site.simulator.switches.aliasSwitchMs = 0;
    expect(await read(caller, 'Aliases/1')).toMatchObject({ AccountId: SECOND });
    site.simulator.switches.aliasSwitchMs = Number.POSITIVE_INFINITY;
    site.simulator.changeCredential(FIRST ?? 0);
    expect(await read(caller, 'Aliases/1')).toMatchObject({ AccountId: SECOND });
  });

  test('opens a request for its current account, which shows the alias', async () => {
    const { site, caller } = await open();
    expect(await caller.post('Aliases/1/Requests', REQUEST)).toMatchObject({ status: 201, text: '1' });
    expect(await caller.post('Aliases/1/Requests', { ...REQUEST, ConflictOption: 'reuse' })).toMatchObject({
      status: 200,
      text: '1',
    });
    expect(await read(caller, 'Requests')).toMatchObject([{ RequestID: 1, AliasID: 1, AccountID: FIRST }]);
    site.simulator.switchAlias(1);
    expect(await caller.post('Aliases/1/Requests', REQUEST)).toMatchObject({ status: 201, text: '2' });
    expect((await caller.post('Aliases/3/Requests', REQUEST)).status).toBe(400);
    expect((await caller.post('Aliases/9/Requests', REQUEST)).status).toBe(404);
  });

  test('returns the credential of the requested account, wherever it points by then', async () => {
    const { site, caller } = await open();
    await caller.post('Aliases/1/Requests', REQUEST);
    site.simulator.switchAlias(1);
    const [account] = FLEET;
    expect(await read(caller, 'Aliases/1/Credentials/1')).toMatchObject({
      AliasID: 1,
      AccountID: FIRST,
      Password: account?.credential,
    });
    expect((await caller.get('Aliases/2/Credentials/1')).status).toBe(404);
    expect((await caller.get('Aliases/1/Credentials/1?type=dsskey')).status).toBe(404);
    await caller.put('Requests/1/Checkin');
    expect((await caller.get('Aliases/1/Credentials/1')).status).toBe(404);
  });
});
