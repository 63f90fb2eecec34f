import type { RelayConfig } from '#shared/config/schema.ts';
import type { Vault } from '#shared/connections/vault.ts';
import type { ReapedConnection } from './reap.ts';

/**
 * The connections at which leases of ours can be open, each with one of the rules that open them. Others are not asked: a user
 * that needs no leases may not even be allowed to list them.
 */
export const createReapedConnections =
  (
    { connections, syncs, checkouts }: Pick<RelayConfig, 'connections' | 'syncs' | 'checkouts'>,
    vaultOf: (connection: string) => Promise<Vault>,
  ) =>
  async (): Promise<readonly ReapedConnection[]> => {
    const reaped: ReapedConnection[] = [];
    const rules = [...Object.values(syncs), ...Object.values(checkouts)];
    for (const connection of Object.keys(connections)) {
      const readers = rules.filter((rule) => rule.connection === connection);
      if (readers.length === 0) continue;
      const vault = await vaultOf(connection);
      const rule = readers.find((reader) => vault.rules(reader).wayIn === 'leases');
      if (rule !== undefined) reaped.push({ connection, vault, rule });
    }
    return reaped;
  };
