import type { RelayConfig } from '#shared/config/schema.ts';
import type { Labels } from '#shared/domain/item.ts';
import { CHECKOUT_STORIES } from '#test/support/checkout-stories.ts';
import { aConfig } from '#test/support/configs.ts';
import { dyingAt, HELD_BY_OTHERS, type Story } from '#test/support/crash.ts';
import {
  brokenPromises,
  deliveredTwice,
  isRetired,
  reportsOf,
  secretsIn,
  steadyAccounts,
} from '#test/support/mortal-promises.ts';
import type { MortalRelay, Order } from '#test/support/mortal-relay.ts';
import { SOURCE_STORIES } from '#test/support/source-stories.ts';

const FOLDER = 'prod/';
const SYNC = { name: `${FOLDER}{systemName}/{domainName}/{accountName}`, value: '{credential}', batchSize: 4 };
/** One batch after the other. */
const IN_LINE = { ...SYNC, concurrency: 1 };
const CHANGES: Order = { sync: 'databases' };

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

const wrongInFolder = (relay: MortalRelay): string[] => [
  ...brokenPromises(relay, FOLDER),
  ...deliveredTwice(relay, FOLDER),
];

/** A sync, and the same once more until all is well. */
const aSync = (order: Order, config: RelayConfig, more: Partial<Story> = {}): Story => ({
  config,
  prepare: async () => {},
  live: async (relay, { through }) => {
    await relay.sync('dying', order, { through });
  },
  goOn: async (relay, { through, fate }) => {
    relay.advance(1);
    await relay.sync('dying-too', order, { through });
    await relay.reap(fate, { mayFail: true });
  },
  rest: async (relay) => {
    relay.advance(1);
    await relay.sync('after', order);
    await relay.reap();
  },
  wrong: wrongInFolder,
  ...more,
});

const withApiKey = (config: RelayConfig): RelayConfig => {
  const { vault } = config.connections;
  if (vault === undefined) throw new Error('The configuration has no connection.');
  const authentication = { type: 'api-key' as const, bootstrapSecret: 'bootstrap/vault' };
  return { ...config, connections: { vault: { ...vault, authentication } } };
};

const ORPHANED_SYSTEM = 'web-0001';
const orphaning = { ...SYNC, orphans: { policy: 'delete', budget: 5 } };

const wronglyRetired = (relay: MortalRelay): string[] => [
  ...secretsIn(relay, FOLDER)
    .filter((name) => isRetired(relay, name) !== name.includes(ORPHANED_SYSTEM))
    .map((name) => `${name} is ${isRetired(relay, name) ? '' : 'not '}retired.`),
  // Whoever reads it meanwhile finds nothing, also when it comes back.
  ...relay.manager.calls
    .filter(({ action, result }) => action === 'DeleteSecret' && result === 'ok')
    .flatMap(({ secretId = '' }) => (secretId.includes(ORPHANED_SYSTEM) ? [] : [`${secretId} was retired.`])),
];

const NAMED = 2;

/** Only what messages name has changed; the schedule comes last, and may come in between. */
const namedRun: Story = aSync(CHANGES, aConfig(SYNC), {
  prepare: async (relay) => {
    await deliverAll(relay);
    for (const { accountId } of steadyAccounts(relay).slice(-NAMED)) relay.simulator.changeCredential(accountId);
    relay.advance(1);
  },
  live: async (relay, { through }) => {
    await relay.syncNamed(CHANGES.sync, named(relay), { through });
  },
  goOn: async (relay, { through, fate }) => {
    relay.advance(1);
    await relay.syncNamed(CHANGES.sync, named(relay), { through });
    await relay.reap(fate, { mayFail: true });
  },
  wrong: (relay, { isDisturbed }) => [...wrongInFolder(relay), ...(isDisturbed ? [] : leftToTheSchedule(relay))],
  meanwhile: { 'the schedule': { happens: (relay) => relay.sync('in-between', CHANGES) } },
});

const leftToTheSchedule = (relay: MortalRelay): string[] =>
  reportsOf(relay)
    .filter(({ run, outcomes }) => run === `${CHANGES.sync}.after` && outcomes.delivered > HELD_BY_OTHERS)
    .map(({ outcomes }) => `${outcomes.delivered} accounts that were named had to wait for the schedule.`);

const named = (relay: MortalRelay): Labels[] =>
  steadyAccounts(relay)
    .slice(-NAMED)
    .map(({ systemName, accountName }) => ({ systemName, accountName }));

const firstSync = aSync(CHANGES, aConfig(SYNC));

export const STORIES: Readonly<Record<string, Story>> = {
  'a first sync': firstSync,
  'a sync of changed credentials': aSync(CHANGES, aConfig(SYNC), {
    prepare: async (relay) => {
      await deliverAll(relay);
      changeAll(relay, relay.now);
    },
  }),
  'a run for accounts that messages named': namedRun,
  'a verify run that finds what no date tells': aSync({ ...CHANGES, mode: 'verify' }, aConfig(IN_LINE), {
    isSequential: true,
    prepare: async (relay) => {
      await deliverAll(relay);
      changeAll(relay, (lastChangedAt) => lastChangedAt ?? 0);
    },
  }),
  'a sync that retires orphans': aSync(CHANGES, aConfig(orphaning), {
    prepare: async (relay) => {
      await deliverAll(relay);
      relay.deploy(aConfig({ ...orphaning, select: { systems: [`!${ORPHANED_SYSTEM}`] } }));
      // The first run that misses them: the next one may retire them.
      await relay.sync('missing', CHANGES);
      relay.advance(1);
    },
    rest: async (relay) => {
      for (const id of ['missing-still', 'after']) {
        relay.advance(1);
        await relay.sync(id, CHANGES);
      }
      await relay.reap();
    },
    wrong: (relay) => [...wrongInFolder(relay), ...wronglyRetired(relay)],
  }),
  'a first sync by API key': aSync(CHANGES, withApiKey(aConfig(IN_LINE)), { isSequential: true }),
  reap: aSync(CHANGES, aConfig(SYNC), {
    prepare: async (relay) => {
      await relay.sync('before', CHANGES, { through: dyingAt('sync/retrieve') });
      relay.advance(1);
    },
    live: async (relay, { fate }) => {
      await relay.reap(fate, { mayFail: true });
    },
    isLeftToReap: true,
  }),
  ...SOURCE_STORIES,
  ...CHECKOUT_STORIES,
};
