import { afterEach, describe, expect, it } from 'vitest';
import { Document } from 'yaml';
import * as z from 'zod';
import { addPraRules, praAddresses, startPraSite } from '#local/pra-site.ts';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import type { SraSimulator } from '#local/simulators/sra/server.ts';

const relaySchema = z.object({
  connections: z.object({ pra: z.looseObject({ type: z.string(), url: z.string(), ca: z.string() }) }),
  syncs: z.object({ databases: z.looseObject({ select: z.looseObject({ groups: z.array(z.string()) }) }) }),
});

let site: SraSimulator | undefined;
afterEach(() => site?.close());

const start = async (accounts: number): Promise<SraSimulator> => {
  site = await startPraSite({ accounts, seed: 1, port: 0 });
  return site;
};

const relayOf = (started: SraSimulator) => {
  const config = new Document({});
  addPraRules(config, started);
  return relaySchema.parse(config.toJS());
};
const addressesOf = (started: SraSimulator) => praAddresses({ directory: '/run' }, started);

describe('the PRA site of the sandbox', () => {
  // With 42 accounts, the first plain one is one of those that the sync selects.
  it.each([1, 40, 42])('of %i accounts names one that clients can check out and the sync skips', async (accounts) => {
    const started = await start(accounts);
    const { account } = addressesOf(started);
    const found = started.accounts().find(({ id }) => id === account?.id);
    expect(found).toMatchObject({ name: account?.name, kind: 'plain', type: 'username_password', heldBy: [] });
    expect(relayOf(started).syncs.databases.select.groups).not.toContain(found?.groupName);
  });

  it('names none if it has no such account', async () => {
    expect(addressesOf(await start(2)).account).toBeUndefined();
  });

  it('gives clients another API account than that of the relay', async () => {
    expect(addressesOf(await start(1)).clientId).not.toBe(DEFAULT_API_ACCOUNT.clientId);
  });

  it('gives the relay its address and its CA', async () => {
    const started = await start(1);
    expect(relayOf(started).connections.pra).toMatchObject({ type: 'sra', url: started.url, ca: started.caPem });
  });
});
