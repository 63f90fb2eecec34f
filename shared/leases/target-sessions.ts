import type { TargetSession, TargetSessions } from '#shared/connections/vault.ts';
import { type ItemRef, isSameItem } from '#shared/domain/item.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';

/** Target sessions that a run has noted as its own, and the items that it opens. */
interface NotedSessions {
  readonly ids: readonly string[];
  readonly items: readonly ItemRef[];
}

const NOTHING_NOTED: NotedSessions = { ids: [], items: [] };

/**
 * Ends target sessions: all that were opened under these leases, and those that were noted, as far as the vault lists them for one
 * of the run's items. Whoever can write a note could name any session. Once a lease is closed nobody can tell any more whose
 * its sessions are, so this comes first.
 *
 * Does all that is possible, then gives back what stood in the way of the rest. A session that the relay's user may not end goes
 * on to its own end, which is no reason to leave the lease open; an error that passes by itself is.
 */
export const endTargetSessions = async (
  sessions: TargetSessions | undefined,
  leaseIds: () => readonly string[] | Promise<readonly string[]>,
  during: string,
  noted = NOTHING_NOTED,
): Promise<RelayError | undefined> => {
  if (sessions === undefined) return undefined;
  const failures: RelayError[] = [];
  /** One step that fails skips no other. */
  const attempt = async <T>(step: () => T | Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await step();
    } catch (thrown) {
      failures.push(asRelayError(thrown, during));
      return otherwise;
    }
  };
  const leases = new Set(await attempt(leaseIds, []));
  if (leases.size > 0 || noted.ids.length > 0) {
    const isOfLease = ({ leaseId }: TargetSession) => leaseId !== undefined && leases.has(leaseId);
    const listed = await attempt(() => sessions.list((error) => failures.push(error)), []);
    const wanted = listed.filter((session) => isOfLease(session) || isNoted(session, noted));
    for (const { id } of wanted) await attempt(() => sessions.end(id), false);
  }
  return failures.find(({ retryable }) => retryable) ?? failures[0];
};

const isNoted = ({ id, item }: TargetSession, { ids, items }: NotedSessions): boolean =>
  item !== undefined && ids.includes(id) && items.some((one) => isSameItem(one, item));
