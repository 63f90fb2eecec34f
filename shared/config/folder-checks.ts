import { type Checkable, checkableEntries, deliveries, ownOf, RULE_WORDS } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig } from '#shared/config/schema.ts';
import { foldersOf, type StoreFolder } from '#shared/config/store-checks.ts';
import { operatorSecretsOf } from '#shared/connections/operator-secrets.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { tokenSecretName } from '#shared/names.ts';

/** Checks that deliveries cannot overwrite each other, the operators' sign-in secrets, or the relay's tokens. Pure. */

/** JSON keeps a message on one line, whatever the template contains. */
const inQuotes = (text: string): string => JSON.stringify(text);

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** Rules whose names begin with text. The others are already refused because they have no folder. */
const withPrefix = (config: Checkable) =>
  deliveries(config)
    .map(({ section, name, entry }) => ({
      path: [section, name, 'name'],
      storesPath: [section, name, 'stores'],
      what: `${RULE_WORDS[section]} "${name}"`,
      prefix: staticPrefix(entry.name),
      stores: entry.stores,
    }))
    .filter(({ prefix }) => prefix !== '');

/** Returns the folders of a store: that of its secrets, and those of their replicas. */
type FoldersOf = (store: string) => readonly StoreFolder[];

const createFoldersOf = (config: Checkable, types: RegisteredTypes): FoldersOf => {
  const folders = new Map(Object.keys(config.stores ?? {}).map((store) => [store, foldersOf(config, types, store)]));
  return (store) => folders.get(store) ?? [{ place: `store ${store}`, folder: '' }];
};

/**
 * Reports each rule at most once. Rules are sorted by prefix, so that all rules inside a folder follow it directly, and
 * each is compared only with the outermost one.
 */
const checkOverlaps = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const foldersOfStore = createFoldersOf(config, types);
  const deliveries = withPrefix(config).flatMap((rule) =>
    rule.stores
      .flatMap(foldersOfStore)
      .map(({ place, folder }) => ({ ...rule, place, prefix: `${folder}${rule.prefix}` })),
  );
  const reported = new Set<string>();
  return [...Map.groupBy(deliveries, ({ place }) => place).values()].flatMap((sharing) => {
    let outermost: (typeof sharing)[number] | undefined;
    return sharing
      .toSorted((one, other) => (one.prefix < other.prefix ? -1 : Number(one.prefix > other.prefix)))
      .flatMap((rule) => {
        if (outermost === undefined || !rule.prefix.startsWith(outermost.prefix)) {
          outermost = rule;
          return [];
        }
        // Stores of one rule are compared below.
        if (rule.what === outermost.what || reported.has(rule.what)) return [];
        reported.add(rule.what);
        const message = `begins with ${inQuotes(rule.prefix)} while ${outermost.what} begins with ${inQuotes(outermost.prefix)}, so each could overwrite secrets of the other; use folders that do not contain each other`;
        return [{ path: rule.path, message }];
      });
  });
};

/**
 * Two stores of a rule must not share a folder: both would hold the same secrets. The folder of one must not contain
 * that of the other either: its list would show the secrets of the other, which have the same owner, as orphans.
 */
const checkPlacesApart = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const foldersOfStore = createFoldersOf(config, types);
  const isShared = (one: StoreFolder, other: StoreFolder) =>
    one.place === other.place && overlap(one.folder, other.folder);
  return withPrefix(config).flatMap(({ storesPath, stores }) =>
    stores.flatMap((store, index) => {
      const folders = foldersOfStore(store);
      const same = stores
        .slice(0, index)
        .find(
          (earlier) =>
            earlier !== store && foldersOfStore(earlier).some((one) => folders.some((other) => isShared(one, other))),
        );
      if (same === undefined) return [];
      return [{ path: [...storesPath, index], message: messageOnShared(same, foldersOfStore(same)[0], folders[0]) }];
    }),
  );
};

const messageOnShared = (same: string, one: StoreFolder | undefined, other: StoreFolder | undefined): string => {
  if (one?.place !== other?.place) {
    return `shares a region with the replicas of the store "${same}", so both would hold the same names; deliver to the region or replicate to it, not both`;
  }
  return one?.folder === other?.folder
    ? `is the same place as the store "${same}", so both would hold the same secrets; remove one of them`
    : `has a folder that contains the folder of the store "${same}", or is inside it; use folders that do not contain each other`;
};

const tokenFolder = (relay: string | undefined): string | undefined => relay && tokenSecretName(relay, '');

/** Secrets that operators created for signing in. */
const signInSecrets = ({ connections }: Checkable, types: RegisteredTypes) =>
  checkableEntries(connections).flatMap(([name, connection]) =>
    operatorSecretsIn(connection, types).map((secret) => ({
      ...secret,
      path: ['connections', name, ...secret.path],
    })),
  );

const operatorSecretsIn = (connection: ConnectionConfig, types: RegisteredTypes) => {
  const type = ownOf(types.connections, connection.type);
  return type === undefined ? [] : operatorSecretsOf(type, connection);
};

const checkSignInOutsideTokens = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return signInSecrets(config, types)
    .filter(({ secret }) => tokens !== undefined && secret.startsWith(tokens))
    .map(({ path }) => ({ path, message: `is in ${tokens}, where the relay keeps its tokens; use another folder` }));
};

const checkDeliveriesOutsideTokens = (config: Checkable): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return withPrefix(config)
    .filter(({ prefix }) => tokens !== undefined && overlap(tokens, prefix))
    .map(({ path, prefix }) => ({
      path,
      message: `begins with ${inQuotes(prefix)} and could overwrite the relay's tokens in ${tokens}; use another folder`,
    }));
};

const checkDeliveriesOutsideSignIn = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const secrets = signInSecrets(config, types);
  return withPrefix(config).flatMap(({ path, prefix }) => {
    const found = secrets.find(({ secret }) => secret.startsWith(prefix));
    if (found === undefined) return [];
    const message = `begins with ${inQuotes(prefix)} and could overwrite the ${found.what} ${found.secret}; use another folder`;
    return [{ path, message }];
  });
};

/** Checks the folders of all rules. */
export const checkFolders = (config: Checkable, types: RegisteredTypes): Problem[] => [
  ...checkOverlaps(config, types),
  ...checkPlacesApart(config, types),
  ...checkSignInOutsideTokens(config, types),
  ...checkDeliveriesOutsideTokens(config),
  ...checkDeliveriesOutsideSignIn(config, types),
];
