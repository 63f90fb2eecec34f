import { storeTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { staticPrefix } from '#shared/domain/template.ts';
import type { RoleScope, RoleToAssume, StoreScope } from '#shared/stores/store.ts';
import type { DeliveredBy, Grant, Permission } from '#shared/workflows/grants.ts';

/** The permissions whose number grows with relay.yaml. The stack grants them, and the loader determines their size. */

/** The permissions that each store's type needs for the names in the rules that deliver to it. Pure. */
export const storePermissions = (
  { may, of }: Extract<Grant, { readonly to: 'stores' }>,
  config: Pick<RelayConfig, 'stores' | 'syncs' | 'checkouts'>,
  types: RegisteredTypes,
  scope: Omit<StoreScope, 'prefixes'>,
): readonly Permission[] => {
  const rules = Object.values(config[of]);
  return Object.entries(config.stores).flatMap(([name, settings]) => {
    const prefixes = prefixesIn(name, rules);
    return prefixes.length === 0 ? [] : storeTypeOf(types, settings).grants(settings, may, { ...scope, prefixes });
  });
};

/**
 * Fixed beginnings of the names that rules deliver into a store. The loader rejects names without a fixed folder, and
 * rules with overlapping folders.
 */
const prefixesIn = (
  store: string,
  rules: readonly Pick<RelayConfig['syncs'][string], 'stores' | 'name'>[],
): readonly string[] => rules.filter(({ stores }) => stores.includes(store)).map((rule) => staticPrefix(rule.name));

const KINDS: readonly DeliveredBy[] = ['syncs', 'checkouts'];

/** The roles that the functions assume, with the permissions for all stores and rules that use them. Pure. */
export const rolesToAssume = (
  config: Pick<RelayConfig, 'stores' | 'syncs' | 'checkouts'>,
  types: RegisteredTypes,
  scope: Omit<RoleScope, 'prefixes'>,
): readonly RoleToAssume[] => {
  const roles = Object.entries(config.stores).flatMap(([name, settings]) =>
    KINDS.flatMap((of) => {
      const prefixes = prefixesIn(name, Object.values(config[of]));
      return prefixes.length === 0
        ? []
        : (storeTypeOf(types, settings).role?.(settings, { ...scope, prefixes }, of) ?? []);
    }),
  );
  return [...Map.groupBy(roles, ({ arn }) => arn).values()].flatMap((same) =>
    same.slice(0, 1).map((first) => ({ ...first, permissions: same.flatMap(({ permissions }) => permissions) })),
  );
};

/**
 * Permissions to read the operators' secrets and the cached tokens, and to cache a new token. Any function can find a
 * cached token expired or rejected. Pure.
 */
export const signInPermissions = (
  operatorArns: readonly string[],
  tokenArns: readonly string[],
): readonly Permission[] => {
  const readable = [...operatorArns, ...tokenArns];
  if (readable.length === 0) return [];
  const reading: Permission = {
    actions: ['secretsmanager:GetSecretValue'],
    resources: readable,
    pattern: 'The last six characters of a secret ARN are unknown until the secret is created.',
  };
  if (tokenArns.length === 0) return [reading];
  const caching: Permission = {
    actions: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    resources: tokenArns,
  };
  return [reading, caching];
};

/** Permission to read the initial passwords that blueprints name. Pure. */
export const readPermissions = (arns: readonly string[]): readonly Permission[] =>
  arns.length === 0
    ? []
    : [
        {
          actions: ['secretsmanager:GetSecretValue'],
          resources: arns,
          pattern: 'The last six characters of a secret ARN are unknown until the secret is created.',
        },
      ];

/** Merges permissions with the same actions and conditions, and then those with the same resources and conditions. */
export const mergePermissions = (permissions: readonly Permission[]): readonly Permission[] =>
  mergeBy(
    mergeBy(permissions, ({ actions, conditions, pattern }) => [actions, conditions, pattern]),
    ({ resources, conditions, pattern }) => [resources, conditions, pattern],
  );

const mergeBy = (
  permissions: readonly Permission[],
  keyOf: (permission: Permission) => unknown,
): readonly Permission[] =>
  [...Map.groupBy(permissions, (permission) => JSON.stringify(keyOf(permission))).values()].flatMap((same) =>
    same.slice(0, 1).map((first) => ({
      ...first,
      actions: [...new Set(same.flatMap(({ actions }) => actions))],
      resources: [...new Set(same.flatMap(({ resources }) => resources))],
    })),
  );
