import type { RelayConfig } from '#shared/config/schema.ts';
import type { Labels } from '#shared/domain/item.ts';
import { CHECKOUT_SCENARIOS } from '#test/support/checkout-scenarios.ts';
import { aConfig } from '#test/support/configs.ts';
import { type Disturbance, HELD_BY_OTHERS, type Scenario, stopAt } from '#test/support/crash.ts';
import {
  brokenPromises,
  deliveredTwice,
  isRetired,
  reportsOf,
  secretsIn,
  steadyAccounts,
} from '#test/support/crashable-promises.ts';
import type { CrashableRelay, Order } from '#test/support/crashable-relay.ts';
import { ALL_STORES, withOtherStores } from '#test/support/crashable-stores.ts';
import { SOURCE_SCENARIOS } from '#test/support/source-scenarios.ts';

const FOLDER = 'prod/';
const SYNC = { name: `${FOLDER}{systemName}/{domainName}/{accountName}`, value: '{credential}', batchSize: 4 };
/** Settings for batches that run one after the other. */
const IN_LINE = { ...SYNC, concurrency: 1 };
const CHANGES: Order = { sync: 'databases' };

const deliverAll = async (relay: CrashableRelay): Promise<void> => {
  await relay.sync('before', CHANGES);
  // The relay would mistake a change soon after its own check-in for the vault's rotation.
  relay.advance(11);
};

const changeAll = (relay: CrashableRelay, dateOf: (lastChangedAt: number | null) => number): void => {
  for (const { accountId, lastChangedAt } of steadyAccounts(relay)) {
    relay.simulator.changeCredential(accountId, dateOf(lastChangedAt));
  }
  relay.advance(1);
};

const wrongInFolder = (relay: CrashableRelay): string[] => [
  ...brokenPromises(relay, FOLDER),
  ...deliveredTwice(relay, FOLDER),
];

/** A stamp beside an older value shows here as well: the last run takes the value for current. */
const wrongInOtherStores = (relay: CrashableRelay): string[] =>
  relay.otherStores
    .values()
    .flatMap((values) => {
      const held = Object.values(values);
      return steadyAccounts(relay).filter(
        ({ credential }) => held.filter((value) => value === credential).length !== 1,
      );
    })
    .map(({ accountId }) => `Another store does not hold the current credential of ${accountId} once.`);

/** A scenario that repeats a sync until everything is delivered. */
const aSync = (order: Order, config: RelayConfig, more: Partial<Scenario> = {}): Scenario => ({
  config,
  prepare: async () => {},
  act: async (relay, { through }) => {
    await relay.sync('killed', order, { through });
  },
  followUp: async (relay, { through, crashPlan }) => {
    relay.advance(1);
    await relay.sync('killed-again', order, { through });
    await relay.reap(crashPlan, { mayFail: true });
  },
  cleanUp: async (relay) => {
    relay.advance(1);
    await relay.sync('after', order);
    await relay.reap();
  },
  findErrors: wrongInFolder,
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

const wronglyRetired = (relay: CrashableRelay): string[] => [
  ...secretsIn(relay, FOLDER)
    .filter((name) => isRetired(relay, name) !== name.includes(ORPHANED_SYSTEM))
    .map((name) => `${name} is ${isRetired(relay, name) ? '' : 'not '}retired.`),
  // Clients cannot read a retired secret, even if it is restored later.
  ...relay.manager.calls
    .filter(({ action, result }) => action === 'DeleteSecret' && result === 'ok')
    .flatMap(({ secretId = '' }) => (secretId.includes(ORPHANED_SYSTEM) ? [] : [`${secretId} was retired.`])),
];

const NAMED = 2;

/** Only accounts named by messages have changed. A scheduled sync runs at the end, and possibly in between. */
const namedRun: Scenario = aSync(CHANGES, aConfig(SYNC), {
  prepare: async (relay) => {
    await deliverAll(relay);
    for (const { accountId } of steadyAccounts(relay).slice(-NAMED)) relay.simulator.changeCredential(accountId);
    relay.advance(1);
  },
  act: async (relay, { through }) => {
    await relay.syncNamed(CHANGES.sync, named(relay), { through });
  },
  followUp: async (relay, { through, crashPlan }) => {
    relay.advance(1);
    await relay.syncNamed(CHANGES.sync, named(relay), { through });
    await relay.reap(crashPlan, { mayFail: true });
  },
  findErrors: (relay, { isDisturbed }) => [...wrongInFolder(relay), ...(isDisturbed ? [] : leftToTheSchedule(relay))],
  disturbance: { 'the schedule': { apply: (relay) => relay.sync('in-between', CHANGES) } },
});

const leftToTheSchedule = (relay: CrashableRelay): string[] =>
  reportsOf(relay)
    .filter(({ run, outcomes }) => run === `${CHANGES.sync}.after` && outcomes.delivered > HELD_BY_OTHERS)
    .map(({ outcomes }) => `${outcomes.delivered} named accounts were not delivered before the schedule.`);

const named = (relay: CrashableRelay): Labels[] =>
  steadyAccounts(relay)
    .slice(-NAMED)
    .map(({ systemName, accountName }) => ({ systemName, accountName }));

const FREEZE_MINUTES = 180;

/** Accounts whose current credential the stores with a fence before the write lack, by store. */
const laggingBehindFences = (relay: CrashableRelay): Set<string> => {
  const stores = { aws: relay.manager.currentValues(), openbao: relay.otherStores.values()[1] ?? {} };
  return new Set(
    Object.entries(stores).flatMap(([store, values]) =>
      steadyAccounts(relay).flatMap(({ accountId, credential }) =>
        Object.values(values).includes(credential) ? [] : [`${accountId} in ${store}`],
      ),
    ),
  );
};

const laggingBeforeThaw = new WeakMap<CrashableRelay, ReadonlySet<string>>();

/**
 * One function is frozen for hours between two calls. Its execution ends, and a later run delivers newer credentials.
 * In Parameter Store the late write can win, but its stamp does not count, so the last run delivers again.
 */
const OVERTAKEN: Disturbance = {
  apply: async (relay, stop) => {
    stop();
    relay.advance(FREEZE_MINUTES);
    changeAll(relay, relay.now);
    await relay.sync('later', CHANGES);
    laggingBeforeThaw.set(relay, laggingBehindFences(relay));
  },
  checkWhileActive: async (relay) => {
    const before = laggingBeforeThaw.get(relay);
    return [...laggingBehindFences(relay)]
      .filter((lagging) => before?.has(lagging) === false)
      .map((lagging) => `A late write replaced the newer credential of ${lagging}.`);
  },
  isLeftToReap: true,
};

const firstSync = aSync(CHANGES, aConfig(SYNC));

const toAllStores = aSync(CHANGES, withOtherStores(aConfig({ ...SYNC, stores: ALL_STORES })), {
  prepare: async (relay) => {
    await deliverAll(relay);
    changeAll(relay, relay.now);
  },
  findErrors: (relay) => [...wrongInFolder(relay), ...wrongInOtherStores(relay)],
});

/** Name of the sync that delivers to every kind of store. */
const TO_ALL_STORES = 'a sync of changed credentials to all stores';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a first sync': firstSync,
  [TO_ALL_STORES]: toAllStores,
  'a run for accounts that messages named': namedRun,
  'a verify run that finds changes without a new date': aSync({ ...CHANGES, mode: 'verify' }, aConfig(IN_LINE), {
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
      // A secret is retired only after two runs have missed its item.
      await relay.sync('missing', CHANGES);
      relay.advance(1);
    },
    cleanUp: async (relay) => {
      for (const id of ['missing-still', 'after']) {
        relay.advance(1);
        await relay.sync(id, CHANGES);
      }
      await relay.reap();
    },
    findErrors: (relay) => [...wrongInFolder(relay), ...wronglyRetired(relay)],
  }),
  'a first sync by API key': aSync(CHANGES, withApiKey(aConfig(IN_LINE)), { isSequential: true }),
  reap: aSync(CHANGES, aConfig(SYNC), {
    prepare: async (relay) => {
      await relay.sync('before', CHANGES, { through: stopAt('sync/retrieve') });
      relay.advance(1);
    },
    act: async (relay, { crashPlan }) => {
      await relay.reap(crashPlan, { mayFail: true });
    },
    isLeftToReap: true,
  }),
  ...SOURCE_SCENARIOS,
  ...CHECKOUT_SCENARIOS,
};

const entries = Object.entries(SCENARIOS);
const isToAllStores = ([name]: (typeof entries)[number]): boolean => name.endsWith('to all stores');

/** The scenarios that deliver to every kind of store, which have the most moments, and the others. */
export const LONG_SCENARIOS = Object.fromEntries(entries.filter(isToAllStores));
export const SHORT_SCENARIOS = Object.fromEntries(entries.filter((entry) => !isToAllStores(entry)));

/** A sync to all stores whose function is frozen and overtaken. */
export const FREEZES = [['frozen for hours and overtaken', TO_ALL_STORES, toAllStores, OVERTAKEN]] as const;
