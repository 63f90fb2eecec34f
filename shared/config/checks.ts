import { type Problem, suggest } from '#shared/config/problem.ts';
import type { ConnectionConfig, StoreConfig, SyncConfig } from '#shared/config/schema.ts';
import { checkTemplates } from '#shared/config/template-checks.ts';
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
}

type Named<T> = readonly [name: string, entry: T];

const judgeable = <T>(entries: Entries<T> | undefined): Named<T>[] =>
  Object.entries(entries ?? {}).flatMap(([name, entry]) => (entry === undefined ? [] : [[name, entry] as const]));

const checkReferences = ({ connections, stores, syncs }: Checkable): Problem[] =>
  judgeable(syncs).flatMap(([name, sync]) => [
    ...checkReference(['syncs', name, 'connection'], sync.connection, connections),
    ...checkReference(['syncs', name, 'store'], sync.store, stores),
  ]);

const checkReference = (
  path: readonly [string, string, 'connection' | 'store'],
  wanted: string,
  entries: Entries<unknown> | undefined,
): Problem[] => {
  const known = Object.keys(entries ?? {});
  if (known.length === 0 || known.includes(wanted)) return [];
  return [{ path, message: `there is no ${path[2]} "${wanted}"; ${suggest(wanted, known)}` }];
};

const checkUse = ({ connections, stores, syncs }: Checkable): Problem[] => {
  const judged = judgeable(syncs);
  // A broken sync may be the one that uses it; without any sync that is what has to be said.
  if (judged.length === 0 || judged.length < Object.keys(syncs ?? {}).length) return [];
  const unused = (section: string, entries: Entries<unknown> | undefined, used: ReadonlySet<string>): Problem[] => {
    const known = Object.keys(entries ?? {});
    // Whoever misspells a name does use something.
    if ([...used].some((name) => !known.includes(name))) return [];
    return known
      .filter((name) => !used.has(name))
      .map((name) => ({
        path: [section, name],
        atKey: true,
        message: 'is used by no sync; use it or remove it',
      }));
  };
  return [
    ...unused('connections', connections, new Set(judged.map(([, sync]) => sync.connection))),
    ...unused('stores', stores, new Set(judged.map(([, sync]) => sync.store))),
  ];
};

const checkEachTemplate = ({ syncs }: Checkable): Problem[] =>
  judgeable(syncs).flatMap(([name, sync]) => checkTemplates(sync, ['syncs', name]));

/** Whatever stands in a template, a message stays one line. */
const inQuotes = (text: string): string => JSON.stringify(text);

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** Syncs whose names begin with text; the others are refused already for having no folder. */
const withPrefix = (syncs: Checkable['syncs']): { name: string; prefix: string }[] =>
  judgeable(syncs)
    .map(([name, sync]) => ({ name, prefix: staticPrefix(sync.name) }))
    .filter(({ prefix }) => prefix !== '');

/** Over all stores, because whatever they are called, they are the one Secrets Manager of the stack. */
const checkSyncsApart = ({ syncs }: Checkable): Problem[] => {
  const prefixed = withPrefix(syncs);
  return prefixed.flatMap(({ name, prefix }, index) =>
    prefixed
      .slice(0, index)
      .filter((earlier) => overlap(earlier.prefix, prefix))
      .map((earlier) => ({
        path: ['syncs', name, 'name'],
        message: `begins with ${inQuotes(prefix)} while sync "${earlier.name}" begins with ${inQuotes(earlier.prefix)}, so that each could meet secrets of the other; begin them with folders of which none contains the other`,
      })),
  );
};

const tokenFolder = (relay: string | undefined): string | undefined => relay && tokenSecretName(relay, '');

const bootstrapSecrets = ({ connections }: Checkable) =>
  judgeable(connections).map(([name, { authentication }]) => ({
    path: ['connections', name, 'authentication', 'bootstrapSecret'],
    secret: authentication.bootstrapSecret,
  }));

const checkBootstrapsSpareTokens = (config: Checkable): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return bootstrapSecrets(config)
    .filter(({ secret }) => tokens !== undefined && secret.startsWith(tokens))
    .map(({ path }) => ({ path, message: `lies in ${tokens}, where the relay keeps its tokens; move it elsewhere` }));
};

const checkSyncsSpareTokens = ({ relay, syncs }: Checkable): Problem[] => {
  const tokens = tokenFolder(relay);
  return withPrefix(syncs)
    .filter(({ prefix }) => tokens !== undefined && overlap(tokens, prefix))
    .map(({ name, prefix }) => ({
      path: ['syncs', name, 'name'],
      message: `begins with ${inQuotes(prefix)} and could overwrite the relay's tokens in ${tokens}; begin it with another folder`,
    }));
};

const checkSyncsSpareBootstraps = (config: Checkable): Problem[] =>
  withPrefix(config.syncs).flatMap(({ name, prefix }) =>
    bootstrapSecrets(config)
      .filter(({ secret }) => secret.startsWith(prefix))
      .map(({ secret }) => ({
        path: ['syncs', name, 'name'],
        message: `begins with ${inQuotes(prefix)} and could overwrite the bootstrap secret ${secret}; begin it with another folder`,
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
  { batchSize, concurrency, requestMinutes }: SyncConfig,
  { inFlight, perSecond }: ConnectionConfig['limits'],
): Problem[] => {
  const callsAtOnce = Math.min(inFlight, perSecond);
  if (concurrency > callsAtOnce) {
    const message = `is more than the connection's limits have calls for; use at most ${callsAtOnce}, or raise inFlight and perSecond`;
    return [{ path: [...path, 'concurrency'], message }];
  }
  // A request has to live from its batch's first request to its last retrieval: two calls for each account.
  const neededMinutes = Math.ceil((2 * batchSize * concurrency) / perSecond / 60);
  if (neededMinutes <= requestMinutes) return [];
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
  checkReferences,
  checkUse,
  checkEachTemplate,
  checkSyncsApart,
  checkBootstrapsSpareTokens,
  checkSyncsSpareTokens,
  checkSyncsSpareBootstraps,
  checkPace,
  checkStaleness,
] as const;

/** All that is wrong between the fields of a configuration. Pure; never throws. */
export const checkConfig = (config: Checkable): Problem[] => CHECKS.flatMap((check) => check(config));
