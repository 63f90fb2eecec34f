import type { RelayConfig } from '#shared/config/schema.ts';

/** Purpose of signing in to a connection. */
export type ConnectionUse = 'reading' | 'provisioning' | 'comparing' | 'rotating';

/**
 * Names of the connections for one use, each once. A connection that a blueprint provisions in belongs to no sync and
 * no checkout, so that the user that reads credentials administers nothing. Pure.
 */
export const connectionsFor = (
  {
    syncs,
    checkouts,
    provisioning,
    rotations,
  }: Pick<RelayConfig, 'syncs' | 'checkouts' | 'provisioning' | 'rotations'>,
  use: ConnectionUse,
): readonly string[] => {
  if (use === 'rotating') return [...new Set(Object.values(rotations).map((rule) => rule.with ?? rule.connection))];
  const rules = use === 'reading' ? [syncs, checkouts, rotations] : [provisioning];
  const names = rules.flatMap((entries) => Object.values(entries).map(({ connection }) => connection));
  // Provisioning also proves that the user who reads may check out what was made.
  if (use === 'provisioning') names.push(...Object.values(provisioning).flatMap(({ proof }) => proof.access ?? []));
  return [...new Set(names)];
};
