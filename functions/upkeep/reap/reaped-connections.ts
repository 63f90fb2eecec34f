import type { RelayConfig } from '#shared/config/schema.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { Claimant } from '#shared/leases/claim-record.ts';
import type { ReapDependencies, ReapedConnection } from './reap.ts';

export interface ReapedConnectionsDependencies {
  readonly config: Pick<RelayConfig, 'connections' | 'syncs' | 'checkouts' | 'rotations'>;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly claimantOf: (connection: string) => Promise<Claimant>;
  /** Lists who has claims, and reports those that cannot be read. */
  readonly claimants: (onUnreadable: (error: RelayError) => void) => Promise<readonly Claimant[]>;
}

type Rule = Source & { readonly connection: string };

/**
 * Connections on which leases of the relay can be open, each with a rule that opens them. Others are skipped, because a
 * user that needs no leases may lack the permission to list them. A connection that cannot be opened is a failure and
 * does not affect the others. Claims of a connection that was renamed are those of its user. Claims that outlived the
 * last rule that opens something are served by a rotation, and otherwise are a failure.
 */
export const createReapedConnections =
  ({ config, vaultOf, claimantOf, claimants }: ReapedConnectionsDependencies) =>
  async (): ReturnType<ReapDependencies['connections']> => {
    const { connections, syncs, checkouts, rotations } = config;
    const found: ReapedConnection[] = [];
    const failures: RelayError[] = [];
    const served: string[] = [];
    const serve = async (connection: string, rules: readonly Rule[]): Promise<void> => {
      const readers = rules.filter((rule) => rule.connection === connection);
      if (readers.length === 0) return;
      try {
        served.push(textOf(await claimantOf(connection)));
        const vault = await vaultOf(connection);
        const rule = readers.find((reader) => vault.rules(reader).accessKind === 'leases');
        if (rule !== undefined) found.push({ connection, vault, rule });
      } catch (thrown) {
        failures.push(asRelayError(thrown, `Opening ${connection}`));
      }
    };
    const openers = [...Object.values(syncs), ...Object.values(checkouts)];
    for (const connection of Object.keys(connections)) await serve(connection, openers);
    try {
      for (const claimant of await claimants((error) => failures.push(error))) {
        if (served.includes(textOf(claimant))) continue;
        const others = Object.values(rotations).filter(({ connection }) => Object.hasOwn(connections, connection));
        for (const { connection } of others) {
          const isSame = textOf(await claimantOf(connection)) === textOf(claimant);
          if (isSame && !served.includes(textOf(claimant))) await serve(connection, others);
        }
        if (!served.includes(textOf(claimant))) failures.push(unserved(claimant));
      }
    } catch (thrown) {
      failures.push(asRelayError(thrown, 'Listing the claims'));
    }
    return { found, failures };
  };

const textOf = ({ site, user }: Claimant): string => JSON.stringify([site, user]);

const unserved = ({ site, user }: Claimant): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    `Accounts at ${site} may be checked out by the API account in the secret ${user}, and no sync, checkout or rotation has a connection with both. Deploy one until they are checked in, or check them in at the site and delete claims/${site}/ in the records bucket.`,
  );
