import { inBulk, type SafeHandle, safeHandleIn } from '#shared/connections/password-safe/sources/safe-items.ts';
import type { Preparation } from '#shared/connections/vault.ts';

/** The vault takes dates by the second: a bulk begins with the second after what must not be read. */
const SECOND_MS = 1000;

/**
 * Says which secrets can be read in bulk, once all of the list is known: those that changed later than everything in their
 * folder that is not to be read. So a bulk holds no value that nobody needs; what changed earlier is read one by one.
 */
export const prepareSafe = (): Preparation => {
  /** For each folder until when it holds values that are not to be read, epoch milliseconds; Infinity when unknown. */
  const leftAloneUntil = new Map<string, number>();

  /** From when on a secret is read in bulk, `undefined` for all of its folder; none when it is to be read by itself. */
  const bulkOf = ({ folderId, type, modifiedAt }: SafeHandle): { readonly since: string | undefined } | 'none' => {
    if (type === 'file') return 'none';
    const until = leftAloneUntil.get(folderId);
    if (until === undefined) return { since: undefined };
    const since = (Math.floor(until / SECOND_MS) + 1) * SECOND_MS;
    const isLater = modifiedAt !== null && Date.parse(modifiedAt) > since;
    return isLater ? { since: new Date(since).toISOString() } : 'none';
  };

  return {
    passOver(item) {
      const { folderId, type, modifiedAt } = safeHandleIn(item);
      // The list of values has none for files, so one of these stands in nobody's way.
      if (type === 'file') return;
      const until = modifiedAt === null ? Number.POSITIVE_INFINITY : Date.parse(modifiedAt);
      leftAloneUntil.set(folderId, Math.max(leftAloneUntil.get(folderId) ?? Number.NEGATIVE_INFINITY, until));
    },

    /** Folder by folder, so that few batches share a bulk. */
    arrange: (wanted) =>
      wanted
        .map((item) => ({ item, handle: safeHandleIn(item) }))
        .toSorted((one, other) => one.handle.folderId.localeCompare(other.handle.folderId))
        .map(({ item, handle }) => {
          const bulk = bulkOf(handle);
          return bulk === 'none' ? item : inBulk(item, handle, bulk.since);
        }),
  };
};
