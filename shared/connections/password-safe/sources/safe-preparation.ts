import { inBulk, type SafeHandle, safeHandleIn } from '#shared/connections/password-safe/sources/safe-items.ts';
import type { Preparation } from '#shared/connections/vault.ts';

/** The vault accepts only whole seconds: a bulk read begins one second after the last value that must not be read. */
const SECOND_MS = 1000;

/**
 * Selects the secrets to read in bulk once the whole list is known: those modified after every secret in their folder
 * that must not be read. A bulk read therefore returns no unneeded value. Other secrets are read individually.
 */
export const prepareSafe = (): Preparation => {
  /** Per folder, the latest change of a secret that must not be read, epoch milliseconds; Infinity if unknown. */
  const lastExcludedAt = new Map<string, number>();

  /** Start of the bulk read for a secret, `undefined` for the whole folder; `none` for an individual read. */
  const bulkOf = ({ folderId, type, modifiedAt }: SafeHandle): { readonly since: string | undefined } | 'none' => {
    if (type === 'file') return 'none';
    const until = lastExcludedAt.get(folderId);
    if (until === undefined) return { since: undefined };
    const since = (Math.floor(until / SECOND_MS) + 1) * SECOND_MS;
    const isLater = modifiedAt !== null && Date.parse(modifiedAt) > since;
    return isLater ? { since: new Date(since).toISOString() } : 'none';
  };

  return {
    exclude(item) {
      const { folderId, type, modifiedAt } = safeHandleIn(item);
      // A bulk read returns no files, so a file excludes no other secret from it.
      if (type === 'file') return;
      const until = modifiedAt === null ? Number.POSITIVE_INFINITY : Date.parse(modifiedAt);
      lastExcludedAt.set(folderId, Math.max(lastExcludedAt.get(folderId) ?? Number.NEGATIVE_INFINITY, until));
    },

    /** Sorts by folder, so that the items of a bulk read are in as few batches as possible. */
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
