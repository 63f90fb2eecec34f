import type { TargetSessions } from '#shared/connections/vault.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';

/**
 * Ends target sessions: those that are known by their ids, and all that were opened under these leases. Once a lease is closed
 * nobody can tell any more whose its sessions are, so this comes first.
 *
 * Gives back what stood in the way. A session that the relay's user may not end goes on to its own end, which is no
 * reason to leave the lease open; an error that passes by itself is.
 */
export const endTargetSessions = async (
  sessions: TargetSessions | undefined,
  opened: readonly string[],
  leaseIds: () => readonly string[] | Promise<readonly string[]>,
  during: string,
): Promise<RelayError | undefined> => {
  if (sessions === undefined) return undefined;
  try {
    const leases = new Set(await leaseIds());
    const found = leases.size === 0 ? [] : await sessions.list();
    const ofLeases = found.flatMap(({ id, leaseId }) => (leaseId !== undefined && leases.has(leaseId) ? [id] : []));
    for (const id of new Set([...opened, ...ofLeases])) await sessions.end(id);
    return undefined;
  } catch (thrown) {
    return asRelayError(thrown, during);
  }
};
