import type { RelayConfig } from '#shared/config/schema.ts';
import { aConfig } from '#test/support/configs.ts';
import { Fate } from '#test/support/mortal.ts';
import { isRetired, secretsIn, steadyAccounts } from '#test/support/mortal-promises.ts';
import type { MortalRelay, Order } from '#test/support/mortal-relay.ts';

export const FOLDER = 'prod/';
const SYNC = { name: `${FOLDER}{systemName}/{domainName}/{accountName}`, value: '{credential}', batchSize: 4 };
const CHANGES: Order = { sync: 'databases' };

/** Something that a relay does while it may die. */
export interface Story {
  readonly config: RelayConfig;
  /** What is synced: by what dies, unless it is reap, and then until all is well. */
  readonly order: Order;
  readonly dying: 'sync' | 'reap';
  /** What went well, or not so well, before. */
  readonly prepare: (relay: MortalRelay) => Promise<void>;
  /** A sentence for each thing that is wrong at the end, beside what always would be. */
  readonly wrong?: (relay: MortalRelay) => string[];
}

const deliverAll = async (relay: MortalRelay): Promise<void> => {
  await relay.sync('before', CHANGES);
  // Changes too soon after our own check-in would be taken for the vault's rotation.
  relay.advance(11);
};

const changeAll = (relay: MortalRelay, dateOf: (lastChangedAt: number | null) => number): void => {
  for (const { accountId, lastChangedAt } of steadyAccounts(relay)) {
    relay.simulator.changeCredential(accountId, dateOf(lastChangedAt));
  }
  relay.advance(1);
};

const firstSync: Story = { config: aConfig(SYNC), order: CHANGES, dying: 'sync', prepare: async () => {} };

const withApiKey = ({ config, ...story }: Story): Story => {
  const { vault } = config.connections;
  if (vault === undefined) throw new Error('The configuration has no connection.');
  const authentication = { type: 'api-key' as const, bootstrapSecret: 'bootstrap/vault' };
  return { ...story, config: { ...config, connections: { vault: { ...vault, authentication } } } };
};

const ORPHANED_SYSTEM = 'web-0001';
const orphaning = { ...SYNC, orphans: { policy: 'delete', budget: 5 } };

const wronglyRetired = (relay: MortalRelay): string[] =>
  secretsIn(relay, FOLDER)
    .filter((name) => isRetired(relay, name) !== name.includes(ORPHANED_SYSTEM))
    .map((name) => `${name} is ${isRetired(relay, name) ? '' : 'not '}retired.`);

export const STORIES: Readonly<Record<string, Story>> = {
  'a first sync': firstSync,
  'a sync of changed credentials': {
    ...firstSync,
    prepare: async (relay) => {
      await deliverAll(relay);
      changeAll(relay, relay.now);
    },
  },
  'a verify run that finds what no date tells': {
    ...firstSync,
    order: { ...CHANGES, mode: 'verify' },
    prepare: async (relay) => {
      await deliverAll(relay);
      changeAll(relay, (lastChangedAt) => lastChangedAt ?? 0);
    },
  },
  'a sync that retires orphans': {
    ...firstSync,
    config: aConfig(orphaning),
    prepare: async (relay) => {
      await deliverAll(relay);
      relay.deploy(aConfig({ ...orphaning, select: { systems: [`!${ORPHANED_SYSTEM}`] } }));
    },
    wrong: wronglyRetired,
  },
  'a first sync by API key': withApiKey(firstSync),
  reap: {
    ...firstSync,
    dying: 'reap',
    prepare: async (relay) => {
      await relay.sync('before', CHANGES, ({ step, perform, stop }) => {
        if (step === 'retrieve') stop();
        return perform(step === 'retrieve' ? new Fate([0, 'death']) : new Fate());
      });
      relay.advance(1);
    },
  },
};
