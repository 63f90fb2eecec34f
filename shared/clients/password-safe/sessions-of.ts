import type { VaultSession } from '#shared/clients/password-safe/vault.ts';

/**
 * The ids of the sessions that are not over, of these requests. Once a request has been given back nobody can tell any
 * more whose its sessions are. Raises as {@link VaultSession.listSessions}; repeatable.
 */
export const sessionsOf = async (
  session: Pick<VaultSession, 'listSessions'>,
  requestIds: ReadonlySet<number>,
): Promise<number[]> =>
  (await session.listSessions())
    .filter(({ requestId }) => requestId !== undefined && requestIds.has(requestId))
    .map(({ sessionId }) => sessionId);
