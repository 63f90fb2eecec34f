import type { RelayConfig } from '#shared/config/schema.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { ReapDependencies, ReapedConnection } from './reap.ts';

/**
 * The connections at which leases of ours can be open, each with one of the rules that open them. Others are not asked: a user
 * that needs no leases may not even be allowed to list them. One that can not be opened keeps nobody from the others.
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
        const rule = readers.find((reader) => vault.rules(reader).wayIn === 'leases');
        if (rule !== undefined) found.push({ connection, vault, rule });
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Opening ${connection}`));
      }
    }
    return { found, failures };
  };
