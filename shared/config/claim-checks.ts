import { type Checkable, checkableEntries, deliveries, findSource, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { bootstrapSecretOf } from '#shared/connections/operator-secrets.ts';

/**
 * Finds connections that are the same user of a vault without lease ids: a check-in over one of them could end a lease
 * of the other, and the vault counts the calls of both together. Two secrets with one client id are not seen here: the
 * claims keep their leases apart. Pure.
 */
export const checkClaims = (config: Checkable, { connections: types, ...rest }: RegisteredTypes): Problem[] => {
  const rules = [
    ...deliveries(config).map(({ entry }) => entry),
    ...checkableEntries(config.rotations).map(([, rule]) => rule),
    ...checkableEntries(config.oldCheckouts).map(([, rule]) => rule),
  ];
  const claiming = new Set(
    rules.flatMap((entry) => {
      const source = findSource({ connections: types, ...rest }, entry.source);
      return source?.rules(entry).accessKind === 'opening-reads' ? [entry.connection] : [];
    }),
  );
  const owners = new Map<string, string>();
  return [...claiming].flatMap((connection): Problem[] => {
    const settings = ownOf(config.connections, connection);
    const type = settings && ownOf(types, settings.type);
    const secret = type && bootstrapSecretOf(type, settings);
    if (secret === undefined) return [];
    const owner = owners.get(secret);
    if (owner === undefined) {
      owners.set(secret, connection);
      return [];
    }
    return [
      {
        path: ['connections', connection, 'authentication', 'bootstrapSecret'],
        message: `is that of the connection ${owner}: each could check in what the other one has open, and both would share one limit of calls; use an API account of its own, or one connection for both`,
      },
    ];
  });
};
