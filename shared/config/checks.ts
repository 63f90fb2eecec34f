import { type Problem, suggest } from '#shared/config/problem.ts';
import type { CheckoutConfig, ConnectionConfig, StoreConfig, SyncConfig } from '#shared/config/schema.ts';
import { opensRequests } from '#shared/config/sync-rules.ts';
import { checkTemplates } from '#shared/config/template-checks.ts';
import { rulesOfCheckout, rulesOfSync } from '#shared/config/template-rules.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { tokenSecretName } from '#shared/names.ts';

/**
 * What needs more than one field to see. Pure: each check looks at a configuration whose entries have the right shape
 * and gives problems.
 *
 * One thing can't be seen here: whether a connection's own bootstrap account is among the accounts that it checks out,
 * because who that is stands in the bootstrap secret, and the vault only knows. What can be seen, and is refused, is a
 * sync whose deliveries could land on a bootstrap secret or on a token of the relay.
 */

/** The named entries of a section. An entry that is there but has a wrong shape is `undefined`: it can't be judged. */
export type Entries<T> = Readonly<Record<string, T | undefined>>;

/** What of a configuration can be checked. A section that is not there at all is `undefined`. */
export interface Checkable {
  readonly relay: string | undefined;
  readonly connections: Entries<ConnectionConfig> | undefined;
  readonly stores: Entries<StoreConfig> | undefined;
  readonly syncs: Entries<SyncConfig> | undefined;
  readonly checkouts: Entries<CheckoutConfig> | undefined;
}

type Named<T> = readonly [name: string, entry: T];

const judgeable = <T>(entries: Entries<T> | undefined): Named<T>[] =>
  Object.entries(entries ?? {}).flatMap(([name, entry]) => (entry === undefined ? [] : [[name, entry] as const]));

/** The sections whose entries deliver something. */
const DELIVERING = ['syncs', 'checkouts'] as const;
type Delivering = (typeof DELIVERING)[number];

/** Every entry that delivers from a connection into a store. */
const deliveries = (config: Checkable) =>
  DELIVERING.flatMap((section) =>
    judgeable<SyncConfig | CheckoutConfig>(config[section]).map(([name, entry]) => ({ section, name, entry })),
  );

const checkReferences = (config: Checkable): Problem[] =>
  deliveries(config).flatMap(({ section, name, entry }) => [
    ...checkReference([section, name, 'connection'], entry.connection, config.connections),
    ...checkReference([section, name, 'store'], entry.store, config.stores),
  ]);

const checkReference = (
  path: readonly [Delivering, string, 'connection' | 'store'],
  wanted: string,
  entries: Entries<unknown> | undefined,
): Problem[] => {
  const known = Object.keys(entries ?? {});
  if (known.length === 0 || known.includes(wanted)) return [];
  return [{ path, message: `there is no ${path[2]} "${wanted}"; ${suggest(wanted, known)}` }];
};

const checkAnything = ({ syncs, checkouts }: Checkable): Problem[] =>
  (syncs === undefined && checkouts === undefined) || Object.keys({ ...syncs, ...checkouts }).length > 0
    ? []
    : [{ path: ['syncs'], message: 'is missing or empty; write at least one sync, or one entry under checkouts' }];

const checkUse = (config: Checkable): Problem[] => {
  const judged = deliveries(config);
  const written = DELIVERING.flatMap((section) => Object.keys(config[section] ?? {}));
  // A broken entry may be the one that uses it; without any entry that is what has to be said.
  if (judged.length === 0 || judged.length < written.length) return [];
  const unused = (section: string, entries: Entries<unknown> | undefined, used: ReadonlySet<string>): Problem[] => {
    const known = Object.keys(entries ?? {});
    // Whoever misspells a name does use something.
    if ([...used].some((name) => !known.includes(name))) return [];
    return known
      .filter((name) => !used.has(name))
      .map((name) => ({
        path: [section, name],
        atKey: true,
        message: 'is used by no sync and no checkout; use it or remove it',
      }));
  };
  return [
    ...unused('connections', config.connections, new Set(judged.map(({ entry }) => entry.connection))),
    ...unused('stores', config.stores, new Set(judged.map(({ entry }) => entry.store))),
  ];
};

/** What a run is named after says which machine it runs in, and whose secrets carry the name in their owner tag. */
const checkNamesApart = ({ syncs, checkouts }: Checkable): Problem[] =>
  Object.keys(checkouts ?? {})
    .filter((name) => Object.hasOwn(syncs ?? {}, name))
    .map((name) => ({
      path: ['checkouts', name],
      atKey: true,
      message: 'has the name of a sync; give it another one',
    }));

const checkEachTemplate = ({ syncs, checkouts }: Checkable): Problem[] => [
  ...judgeable(syncs).flatMap(([name, sync]) => checkTemplates(sync, ['syncs', name], rulesOfSync(sync))),
  ...judgeable(checkouts).flatMap(([name, rule]) => checkTemplates(rule, ['checkouts', name], rulesOfCheckout(rule))),
];

/** Whatever stands in a template, a message stays one line. */
const inQuotes = (text: string): string => JSON.stringify(text);

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** Entries whose names begin with text; the others are refused already for having no folder. */
const withPrefix = (config: Checkable) =>
  deliveries(config)
    .map(({ section, name, entry }) => ({
      path: [section, name, 'name'],
      what: `${section === 'syncs' ? 'sync' : 'checkout'} "${name}"`,
      prefix: staticPrefix(entry.name),
    }))
    .filter(({ prefix }) => prefix !== '');

/** Over all stores, because whatever they are called, they are the one Secrets Manager of the stack. */
const checkDeliveriesApart = (config: Checkable): Problem[] => {
  const prefixed = withPrefix(config);
  return prefixed.flatMap(({ path, prefix }, index) =>
    prefixed
      .slice(0, index)
      .filter((earlier) => overlap(earlier.prefix, prefix))
      .map((earlier) => ({
        path,
        message: `begins with ${inQuotes(prefix)} while ${earlier.what} begins with ${inQuotes(earlier.prefix)}, so that each could meet secrets of the other; begin them with folders of which none contains the other`,
      })),
  );
};

const tokenFolder = (relay: string | undefined): string | undefined => relay && tokenSecretName(relay, '');

/** What operators made for signing in. */
const signInSecrets = ({ connections }: Checkable) =>
  judgeable(connections).flatMap(([name, { authentication }]) => {
    const path = ['connections', name, 'authentication'];
    const { bootstrapSecret, clientCertificate } = authentication;
    return [
      { path: [...path, 'bootstrapSecret'], what: 'bootstrap secret', secret: bootstrapSecret },
      ...(clientCertificate === undefined
        ? []
        : [{ path: [...path, 'clientCertificate', 'secret'], what: 'client certificate', ...clientCertificate }]),
    ];
  });

const checkSignInSparesTokens = (config: Checkable): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return signInSecrets(config)
    .filter(({ secret }) => tokens !== undefined && secret.startsWith(tokens))
    .map(({ path }) => ({ path, message: `lies in ${tokens}, where the relay keeps its tokens; move it elsewhere` }));
};

const checkDeliveriesSpareTokens = (config: Checkable): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return withPrefix(config)
    .filter(({ prefix }) => tokens !== undefined && overlap(tokens, prefix))
    .map(({ path, prefix }) => ({
      path,
      message: `begins with ${inQuotes(prefix)} and could overwrite the relay's tokens in ${tokens}; begin it with another folder`,
    }));
};

const checkDeliveriesSpareSignIn = (config: Checkable): Problem[] =>
  withPrefix(config).flatMap(({ path, prefix }) =>
    signInSecrets(config)
      .filter(({ secret }) => secret.startsWith(prefix))
      .map(({ what, secret }) => ({
        path,
        message: `begins with ${inQuotes(prefix)} and could overwrite the ${what} ${secret}; begin it with another folder`,
      })),
  );

/** All batches of a run share the limits of its connection, so each goes at its part of the pace. */
const checkPace = ({ connections, syncs }: Checkable): Problem[] =>
  judgeable(syncs).flatMap(([name, sync]) => {
    const limits = connections?.[sync.connection]?.limits;
    return limits === undefined ? [] : checkSyncPace(['syncs', name], sync, limits);
  });

const checkSyncPace = (
  path: readonly string[],
  sync: SyncConfig,
  { inFlight, perSecond }: ConnectionConfig['limits'],
): Problem[] => {
  const { batchSize, concurrency } = sync;
  const callsAtOnce = Math.min(inFlight, perSecond);
  if (concurrency > callsAtOnce) {
    const message = `is more than the connection's limits have calls for; use at most ${callsAtOnce}, or raise inFlight and perSecond`;
    return [{ path: [...path, 'concurrency'], message }];
  }
  if (sync.source === 'secrets-safe' || !opensRequests(sync)) return [];
  // A request has to live from its batch's first request to its last retrieval: two calls for each account.
  const neededMinutes = Math.ceil((2 * batchSize * concurrency) / perSecond / 60);
  if (neededMinutes <= sync.requestMinutes) return [];
  const message = `requests would expire before their batch is read at the connection's perSecond; use at least ${neededMinutes}, or a smaller batchSize`;
  return [{ path: [...path, 'requestMinutes'], message }];
};

const MINUTES = { minute: 1, hour: 60, day: 1440 } as const;

/** The minutes between two starts of a rate(); undefined for cron(), whose starts need no even distance. */
const rateMinutes = (expression: string): number | undefined => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit !== 'minute' && unit !== 'hour' && unit !== 'day') return undefined;
  return Number(count) * MINUTES[unit];
};

const checkStaleness = ({ syncs }: Checkable): Problem[] =>
  judgeable(syncs).flatMap(([name, { schedule, staleAfterHours }]) => {
    const minutes = rateMinutes(schedule.expression);
    if (minutes === undefined || minutes + schedule.flexibleMinutes < staleAfterHours * 60) return [];
    const enough = Math.floor((minutes + schedule.flexibleMinutes) / 60) + 1;
    const message = `would raise its alarm between two runs of ${schedule.expression}; use at least ${enough}, or run more often`;
    return [{ path: ['syncs', name, 'staleAfterHours'], message }];
  });

const CHECKS = [
  checkAnything,
  checkReferences,
  checkUse,
  checkNamesApart,
  checkEachTemplate,
  checkDeliveriesApart,
  checkSignInSparesTokens,
  checkDeliveriesSpareTokens,
  checkDeliveriesSpareSignIn,
  checkPace,
  checkStaleness,
] as const;

/** All that is wrong between the fields of a configuration. Pure; never throws. */
export const checkConfig = (config: Checkable): Problem[] => CHECKS.flatMap((check) => check(config));
