import type { TargetSession, TargetSessions } from '#shared/connections/vault.ts';
import { type ItemRef, isSameItem } from '#shared/domain/item.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';

/** Target sessions that a run has recorded as its own, and the items of the run. */
interface RecordedSessions {
  readonly ids: readonly string[];
  readonly items: readonly ItemRef[];
}

const NONE_RECORDED: RecordedSessions = { ids: [], items: [] };

/**
 * Ends target sessions: all that were opened under these leases, and the recorded ones that the vault lists for one of
 * the run's items. The record alone is not sufficient, because its writer could name any session. Call this before the
 * leases are closed, because the owner of a session cannot be determined afterwards.
 *
 * Ends as many sessions as possible and returns an error if some are left. If the error is retryable, the leases must
 * stay open. Otherwise they can be closed, for example if the relay's user has no permission to end a session.
 */
export const endTargetSessions = async (
  sessions: TargetSessions | undefined,
  leaseIds: () => readonly string[] | Promise<readonly string[]>,
  during: string,
  recorded = NONE_RECORDED,
): Promise<RelayError | undefined> => {
  if (sessions === undefined) return undefined;
  const failures: RelayError[] = [];
  /** A failed step does not skip the others. */
  const attempt = async <T>(step: () => T | Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await step();
    } catch (thrown) {
      failures.push(asRelayError(thrown, during));
      return otherwise;
    }
  };
  const leases = new Set(await attempt(leaseIds, []));
  if (leases.size > 0 || recorded.ids.length > 0) {
    const isOfLease = ({ leaseId }: TargetSession) => leaseId !== undefined && leases.has(leaseId);
    const listed = await attempt(() => sessions.list((error) => failures.push(error)), []);
    const wanted = listed.filter((session) => isOfLease(session) || isRecorded(session, recorded));
    for (const { id } of wanted) await attempt(() => sessions.end(id), false);
  }
  return failures.find(({ retryable }) => retryable) ?? failures[0];
};

const isRecorded = ({ id, item }: TargetSession, { ids, items }: RecordedSessions): boolean =>
  item !== undefined && ids.includes(id) && items.some((one) => isSameItem(one, item));
