import type { RelayConfig } from '#shared/config/schema.ts';
import { type Holds, holdsSchema } from '#shared/domain/rotation/holds.ts';
import type { RecordPlace } from '#shared/records/records.ts';

type Connections = Pick<RelayConfig, 'connections'>;

/** Name of a vault as a key: its address in one spelling, with a hyphen for each other character. */
const vaultOf = ({ connections }: Connections, connection: string): string | undefined => {
  const settings = Object.hasOwn(connections, connection) ? connections[connection] : undefined;
  if (settings === undefined) return undefined;
  const { host, pathname } = new URL(settings.url);
  return `${host}${pathname}`
    .toLowerCase()
    .replace(/\/+$/, '')
    .replaceAll(/[^a-z0-9.]/g, '-');
};

/** True if two connections sign in to the same vault, whose items then have the same references. Pure. */
export const isSameVault = (config: Connections, one: string, other: string): boolean =>
  one === other || (vaultOf(config, one) ?? one) === (vaultOf(config, other) ?? other);

/** True if a rotation changes credentials in the vault of a connection. Pure. */
export const canRotate = (config: Pick<RelayConfig, 'connections' | 'rotations'>, connection: string): boolean =>
  Object.values(config.rotations).some((rotation) => isSameVault(config, rotation.connection, connection));

/**
 * Place of the holds on the items of a connection: one record for its vault, because several connections can sign in
 * there. Rotations change it, and the plans of syncs and the requests of checkouts read it. It contains no credential.
 *
 *     holds/<vault>.json
 */
export const holdsAt = (config: Connections, connection: string): RecordPlace<Holds> => ({
  key: `holds/${vaultOf(config, connection) ?? connection}.json`,
  schema: holdsSchema,
});
