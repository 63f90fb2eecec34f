import type { Batch, BatchItem, Orphan, Target } from '#shared/domain/plan/batch.ts';

/**
 * The results of all batches are collected in the workflow's state, which is limited to 256 KiB. Every batch after this
 * number takes the maximum of items, so a million accounts need fewer than five thousand batches.
 */
const BATCHES_OF_CONFIGURED_SIZE = 1000;
const MAX_BATCH_ITEMS = 250;

/** Groups items into batches. Writes each batch as soon as it is full, so only one is in memory. */
export const createBatchWriter = (
  size: number,
  write: (batch: number, content: Batch) => Promise<void>,
  read: (batch: number) => Promise<Batch>,
) => {
  let pending: BatchItem[] = [];
  const written: number[] = [];

  const capacity = (): number => (written.length < BATCHES_OF_CONFIGURED_SIZE ? size : MAX_BATCH_ITEMS);
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
    /** Number of the batch that the next item is added to. */
    next: (): number => written.length,

    async add(item: BatchItem): Promise<void> {
      pending.push(item);
      if (pending.length >= capacity()) await flush();
    },

    flush,

    /** Removes targets from a batch, whether it is already written or not, and items without targets. */
    async withdraw(batch: number, isWithdrawn: (target: Target) => boolean): Promise<void> {
      if (batch === written.length) {
        pending = withoutTargets(pending, isWithdrawn);
        return;
      }
      const content = await read(batch);
      await write(batch, { ...content, items: withoutTargets(content.items, isWithdrawn) });
    },

    /** Writes orphans into separate batches, because they need no request. */
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

/** The items with their remaining targets, if they have any. Pure. */
export const withoutTargets = (items: readonly BatchItem[], isWithdrawn: (target: Target) => boolean): BatchItem[] =>
  items
    .map(({ item, targets }) => ({ item, targets: targets.filter((target) => !isWithdrawn(target)) }))
    .filter(({ targets }) => targets.length > 0);
