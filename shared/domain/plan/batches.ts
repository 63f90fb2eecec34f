import type { Batch, BatchItem, Orphan } from '#shared/domain/plan/batch.ts';

/**
 * The ends of all batches come together in the workflow's state, which holds 256 KiB. Beyond so many batches, each
 * takes as many items as one may, so that a million accounts make less than five thousand.
 */
const BATCHES_OF_THEIR_SIZE = 1000;
const LARGEST_BATCH = 250;

/** Puts items into batches of a size and writes each down as soon as it is full, so that only one is in memory. */
export const createBatchWriter = (
  size: number,
  write: (batch: number, content: Batch) => Promise<void>,
  read: (batch: number) => Promise<Batch>,
) => {
  let pending: BatchItem[] = [];
  const written: number[] = [];

  const capacity = (): number => (written.length < BATCHES_OF_THEIR_SIZE ? size : LARGEST_BATCH);
  const put = async (content: Batch): Promise<void> => {
    const batch = written.length;
    written.push(batch);
    await write(batch, content);
  };
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    const items = pending;
    pending = [];
    await put({ items, retire: [] });
  };

  return {
    /** The number of the batch that the next item goes into. */
    next: (): number => written.length,

    async add(item: BatchItem): Promise<void> {
      pending.push(item);
      if (pending.length >= capacity()) await flush();
    },

    flush,

    /** Takes items out of a batch, written already or not yet. */
    async withdraw(batch: number, isWithdrawn: (item: BatchItem) => boolean): Promise<void> {
      if (batch === written.length) {
        pending = pending.filter((item) => !isWithdrawn(item));
        return;
      }
      const content = await read(batch);
      await write(batch, { ...content, items: content.items.filter((item) => !isWithdrawn(item)) });
    },

    /** Orphans get batches of their own: they need no request. */
    async retire(orphans: readonly Orphan[]): Promise<void> {
      let rest = orphans;
      while (rest.length > 0) {
        const share = capacity();
        await put({ items: [], retire: rest.slice(0, share) });
        rest = rest.slice(share);
      }
    },

    numbers: (): number[] => [...written],
  };
};
