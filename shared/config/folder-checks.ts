import { type Checkable, deliveries, judgeable, ownOf, RULE_WORDS } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import { tokenSecretName } from '#shared/names.ts';

/** What deliveries could land on: each other, what operators made for signing in, and the relay's tokens. Pure. */

/** Whatever stands in a template, a message stays one line. */
const inQuotes = (text: string): string => JSON.stringify(text);

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

/** Which entries under `stores` mean the same secrets, whatever they are called. Undefined for one that can't be judged. */
const placeOf = ({ stores }: Checkable, types: RegisteredTypes, name: string): string | undefined => {
  const store = ownOf(stores, name);
  const type = store && ownOf(types.stores, store.type);
  return type && JSON.stringify([store.type, type.place?.(store)]);
};

/** Rules whose names begin with text; the others are refused already for having no folder. */
const withPrefix = (config: Checkable) =>
  deliveries(config)
    .map(({ section, name, entry }) => ({
      path: [section, name, 'name'],
      what: `${RULE_WORDS[section]} "${name}"`,
      prefix: staticPrefix(entry.name),
      store: entry.store,
    }))
    .filter(({ prefix }) => prefix !== '');

const checkDeliveriesApart = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const placed = withPrefix(config).map((rule) => ({ ...rule, place: placeOf(config, types, rule.store) }));
  return placed.flatMap(({ path, prefix, store, place }, index) =>
    placed
      .slice(0, index)
      .filter((earlier) => earlier.store === store || (place !== undefined && earlier.place === place))
      .filter((earlier) => overlap(earlier.prefix, prefix))
      .map((earlier) => ({
        path,
        message: `begins with ${inQuotes(prefix)} while ${earlier.what} begins with ${inQuotes(earlier.prefix)}, so that each could meet secrets of the other; begin them with folders of which none contains the other`,
      })),
  );
};

const tokenFolder = (relay: string | undefined): string | undefined => relay && tokenSecretName(relay, '');

/** What operators made for signing in. */
const signInSecrets = ({ connections }: Checkable, types: RegisteredTypes) =>
  judgeable(connections).flatMap(([name, connection]) =>
    (ownOf(types.connections, connection.type)?.operatorSecrets(connection) ?? []).map((secret) => ({
      ...secret,
      path: ['connections', name, ...secret.path],
    })),
  );

const checkSignInSparesTokens = (config: Checkable, types: RegisteredTypes): Problem[] => {
  const tokens = tokenFolder(config.relay);
  return signInSecrets(config, types)
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

const checkDeliveriesSpareSignIn = (config: Checkable, types: RegisteredTypes): Problem[] =>
  withPrefix(config).flatMap(({ path, prefix }) =>
    signInSecrets(config, types)
      .filter(({ secret }) => secret.startsWith(prefix))
      .map(({ what, secret }) => ({
        path,
        message: `begins with ${inQuotes(prefix)} and could overwrite the ${what} ${secret}; begin it with another folder`,
      })),
  );

/** Checks where the names of all rules lead. */
export const checkFolders = (config: Checkable, types: RegisteredTypes): Problem[] => [
  ...checkDeliveriesApart(config, types),
  ...checkSignInSparesTokens(config, types),
  ...checkDeliveriesSpareTokens(config),
  ...checkDeliveriesSpareSignIn(config, types),
];
