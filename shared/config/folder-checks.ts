import { type Checkable, checkableEntries, deliveries, ownOf, RULE_WORDS } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig } from '#shared/config/schema.ts';
import { operatorSecretsOf } from '#shared/connections/operator-secrets.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { tokenSecretName } from '#shared/names.ts';

/** Checks that deliveries cannot overwrite each other, the operators' sign-in secrets, or the relay's tokens. Pure. */

/** JSON keeps a message on one line, whatever the template contains. */
const inQuotes = (text: string): string => JSON.stringify(text);

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** Identifies where an entry under `stores` keeps its secrets, whatever its name. Undefined if it cannot be checked. */
const placeOf = ({ stores }: Checkable, types: RegisteredTypes, name: string): string | undefined => {
  const store = ownOf(stores, name);
  const type = store && ownOf(types.stores, store.type);
  return type && JSON.stringify([store.type, type.place?.(store)]);
};

/** Rules whose names begin with text. The others are already refused because they have no folder. */
const withPrefix = (config: Checkable) =>
  deliveries(config)
    .map(({ section, name, entry }) => ({
      path: [section, name, 'name'],
      what: `${RULE_WORDS[section]} "${name}"`,
      prefix: staticPrefix(entry.name),
      store: entry.store,
    }))
    .filter(({ prefix }) => prefix !== '');

/**
 * Reports each rule at most once. Rules are sorted by prefix, so that all rules inside a folder follow it directly, and
 * each is compared only with the outermost one.
 */
const checkOverlaps = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const places = new Map(Object.keys(config.stores ?? {}).map((store) => [store, placeOf(config, types, store)]));
  const sharing = Map.groupBy(withPrefix(config), ({ store }) => places.get(store) ?? `store ${store}`);
  return [...sharing.values()].flatMap((rules) => {
    let outermost: (typeof rules)[number] | undefined;
    return rules
      .toSorted((one, other) => (one.prefix < other.prefix ? -1 : Number(one.prefix > other.prefix)))
      .flatMap((rule) => {
        if (outermost === undefined || !rule.prefix.startsWith(outermost.prefix)) {
          outermost = rule;
          return [];
        }
        const message = `begins with ${inQuotes(rule.prefix)} while ${outermost.what} begins with ${inQuotes(outermost.prefix)}, so each could overwrite secrets of the other; use folders that do not contain each other`;
        return [{ path: rule.path, message }];
      });
  });
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
  ...checkSignInOutsideTokens(config, types),
  ...checkDeliveriesOutsideTokens(config),
  ...checkDeliveriesOutsideSignIn(config, types),
];
