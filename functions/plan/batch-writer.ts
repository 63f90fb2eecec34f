import type { Batch, BatchItem } from '#shared/records/records.ts';

/** Puts items into batches of a size and writes each down as soon as it is full, so that only one is in memory. */
export const createBatchWriter = (
  size: number,
  write: (batch: number, content: Batch) => Promise<void>,
  read: (batch: number) => Promise<Batch>,
) => {
  let pending: BatchItem[] = [];
  const written: number[] = [];

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
      if (pending.length >= size) await flush();
    },

    flush,

    /** Takes items out of a batch that is written already. */
    async withdraw(batch: number, isWithdrawn: (item: BatchItem) => boolean): Promise<void> {
      const content = await read(batch);
      await write(batch, { ...content, items: content.items.filter((item) => !isWithdrawn(item)) });
    },

    /** Names to retire get batches of their own: they need no request. */
    async retire(names: readonly string[]): Promise<void> {
      for (let start = 0; start < names.length; start += size) {
        await put({ items: [], retire: names.slice(start, start + size) });
      }
    },

    numbers: (): number[] => [...written],
  };
};
