import { findSource } from '#shared/config/checkable.ts';
import { connectionTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { ConnectionConfig, RelayConfig, RotationConfig } from '#shared/config/schema.ts';

/** Purpose of signing in to a connection. */
export type ConnectionUse =
  | 'reading'
  | 'provisioning'
  | 'comparing'
  | 'rotating'
  | 'ordering'
  | 'old-checkouts'
  | 'exporting'
  | 'directories';

type Connections = Pick<RelayConfig, 'connections'>;
type UsedConnections = Pick<
  RelayConfig,
  'connections' | 'syncs' | 'checkouts' | 'provisioning' | 'rotations' | 'oldCheckouts' | 'exports' | 'directories'
>;

/**
 * Names of all connections to the vaults of a rotation: those to the same host and port. A vault with several addresses
 * counts as several. Pure.
 */
export const connectionsToVaultOf = (
  { connections }: Connections,
  { connection, with: changing = connection }: Pick<RotationConfig, 'connection' | 'with'>,
): readonly string[] => {
  const own = [connection, changing];
  const hosts = new Set(own.flatMap((name) => (Object.hasOwn(connections, name) ? hostOf(connections[name]) : [])));
  return Object.entries(connections).flatMap(([name, settings]) =>
    own.includes(name) || hosts.has(hostOf(settings)) ? [name] : [],
  );
};

const hostOf = (settings: ConnectionConfig | undefined): string =>
  settings === undefined ? '' : new URL(settings.url).host;

/**
 * Names of the connections for one use, each once. A connection that a blueprint provisions in belongs to no sync and
 * no checkout, so that the user that reads credentials administers nothing. Rotations must know each user of their
 * vaults, so their order, and a rotation after an old checkout, include connections that name theirs only in a secret.
 * The order must also know each account that takes turns there, so it includes those whose syncs deliver such accounts.
 * Pure.
 */
export const connectionsFor = (
  config: UsedConnections,
  types: RegisteredTypes,
  use: ConnectionUse,
): readonly string[] => {
  const { connections, syncs, checkouts, provisioning, rotations } = config;
  if (use === 'rotating') return [...new Set(Object.values(rotations).map((rule) => rule.with ?? rule.connection))];
  if (use === 'directories') return [...new Set(Object.values(config.directories).map(({ connection }) => connection))];
  const hidesUsers = (name: string): boolean => {
    const settings = connections[name];
    return settings !== undefined && connectionTypeOf(types, settings).usersInSecret?.(settings) === true;
  };
  if (use === 'ordering') {
    const own = new Set(Object.values(rotations).flatMap((rule) => [rule.connection, rule.with ?? rule.connection]));
    const names = Object.values(rotations).flatMap((rule) => connectionsToVaultOf(config, rule));
    const inTurns = inTurnsIn(config, types);
    return [...new Set(names)].filter((name) => own.has(name) || hidesUsers(name) || inTurns.has(name));
  }
  if (use === 'exporting') return [...new Set(Object.values(config.exports).map(({ connection }) => connection))];
  if (use === 'old-checkouts') {
    const rules = Object.values(config.oldCheckouts);
    const rotating = rules.filter(({ forceCheckIn }) => forceCheckIn?.rotate === true);
    const users = rotating.flatMap((rule) => connectionsToVaultOf(config, rule)).filter(hidesUsers);
    return [...new Set([...rules.map(({ connection }) => connection), ...users])];
  }
  const rules = use === 'reading' ? [syncs, checkouts, rotations] : [provisioning];
  const names = rules.flatMap((entries) => Object.values(entries).map(({ connection }) => connection));
  // Provisioning also proves that the user who reads may check out what was made.
  if (use === 'provisioning') names.push(...Object.values(provisioning).flatMap(({ proof }) => proof.access ?? []));
  return [...new Set(names)];
};

/** Connections whose syncs deliver items that stand for accounts in turns. */
const inTurnsIn = ({ syncs }: Pick<RelayConfig, 'syncs'>, types: RegisteredTypes): ReadonlySet<string> =>
  new Set(
    Object.values(syncs).flatMap((sync) =>
      findSource(types, sync.source)?.rules(sync).inTurns === true ? [sync.connection] : [],
    ),
  );
