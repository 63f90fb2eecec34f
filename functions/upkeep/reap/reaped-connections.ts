import type { RelayConfig } from '#shared/config/schema.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { ReapDependencies, ReapedConnection } from './reap.ts';

/**
 * Connections on which leases of the relay can be open, each with a rule that opens them. Others are skipped, because a
 * user that needs no leases may lack the permission to list them. A connection that cannot be opened is a failure and
 * does not affect the others.
 */
export const createReapedConnections =
  (
    { connections, syncs, checkouts }: Pick<RelayConfig, 'connections' | 'syncs' | 'checkouts'>,
    vaultOf: (connection: string) => Promise<Vault>,
  ) =>
  async (): ReturnType<ReapDependencies['connections']> => {
    const found: ReapedConnection[] = [];
    const failures: RelayError[] = [];
    const rules = [...Object.values(syncs), ...Object.values(checkouts)];
    for (const connection of Object.keys(connections)) {
      const readers = rules.filter((rule) => rule.connection === connection);
      if (readers.length === 0) continue;
      try {
        const vault = await vaultOf(connection);
        const rule = readers.find((reader) => vault.rules(reader).accessKind === 'leases');
        if (rule !== undefined) found.push({ connection, vault, rule });
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Opening ${connection}`));
      }
    }
    return { found, failures };
  };
