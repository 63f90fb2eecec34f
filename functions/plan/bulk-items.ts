import type { SafeSecret } from '#shared/domain/safe-secret.ts';
import type { BatchItem } from '#shared/records/records.ts';

/** The vault takes dates by the second: a bulk begins with the second after what must not be read. */
const SECOND_MS = 1000;

/**
 * Holds the items of Secrets Safe back until all of the list is known, and then says which of them can be read in bulk:
 * those that changed later than everything in their folder that is not to be read. So a bulk holds no value that nobody
 * needs; what changed earlier is read one by one.
 */
export const createBulkItems = () => {
  /** For each folder until when it holds values that are not to be read, epoch milliseconds; Infinity when unknown. */
  const leftAloneUntil = new Map<string, number>();
  let held: { secret: SafeSecret; item: BatchItem }[] = [];

  /** A secret that is not to be read now. The list of values has none for files, so one of these stands in nobody's way. */
  const leaveAlone = ({ folderId, type, modifiedAt }: SafeSecret): void => {
    if (type === 'file') return;
    const until = modifiedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(modifiedAt);
    leftAloneUntil.set(folderId, Math.max(leftAloneUntil.get(folderId) ?? Number.NEGATIVE_INFINITY, until));
  };

  /** Undefined when it has to be read by itself. */
  const bulkOf = ({ folderId, type, modifiedAt }: SafeSecret): BatchItem['inBulk'] => {
    if (type === 'file') return undefined;
    const until = leftAloneUntil.get(folderId);
    if (until === undefined) return {};
    const since = (Math.floor(until / SECOND_MS) + 1) * SECOND_MS;
    const isLater = modifiedAt !== undefined && Date.parse(modifiedAt) > since;
    return isLater ? { since: new Date(since).toISOString() } : undefined;
  };

  return {
    /** A listed secret, with its item when it is to be read. */
    note(secret: SafeSecret, item: BatchItem | undefined): void {
      if (item === undefined) leaveAlone(secret);
      else held.push({ secret, item });
    },

    withdraw(isWithdrawn: (item: BatchItem) => boolean): void {
      for (const { secret, item } of held) if (isWithdrawn(item)) leaveAlone(secret);
      held = held.filter(({ item }) => !isWithdrawn(item));
    },

    /** Folder by folder, so that few batches share a bulk. */
    items: (): BatchItem[] =>
      held
        .toSorted((one, other) => one.secret.folderId.localeCompare(other.secret.folderId))
        .map(({ secret, item }) => {
          const inBulk = bulkOf(secret);
          return inBulk === undefined ? item : { ...item, inBulk };
        }),
  };
};
