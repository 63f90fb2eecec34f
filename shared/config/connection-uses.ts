import type { RelayConfig } from '#shared/config/schema.ts';

/** Purpose of signing in to a connection. */
export type ConnectionUse = 'reading' | 'provisioning';

/**
 * Names of the connections for one use, each once. A connection that a blueprint provisions in belongs to no sync and
 * no checkout, so that the user that reads credentials administers nothing. Pure.
 */
export const connectionsFor = (
  { syncs, checkouts, provisioning }: Pick<RelayConfig, 'syncs' | 'checkouts' | 'provisioning'>,
  use: ConnectionUse,
): readonly string[] => {
  const names =
    use === 'reading'
      ? [...Object.values(syncs), ...Object.values(checkouts)].map(({ connection }) => connection)
      : // Provisioning also proves that the user who reads may check out what was made.
        Object.values(provisioning).flatMap(({ connection, proof: { access } }) => [
          connection,
          ...(access ? [access] : []),
        ]);
  return [...new Set(names)];
};
