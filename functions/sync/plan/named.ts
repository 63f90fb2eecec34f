import pMap from 'p-map';
import type { Labels } from '#shared/domain/item.ts';
import { namedAt } from '#shared/records/named-items.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import type { Run } from '#shared/workflows/run.ts';

/** Reads the items that messages named for a run. */
export type ReadNamed = (run: Run) => Promise<readonly Labels[]>;

const MAX_CONCURRENCY = 16;

export const createReadNamed =
  (records: Records, { list }: Pick<Signals, 'list'>): ReadNamed =>
  async (run) =>
    pMap(await list(namedAt.prefix(run)), (key) => readRequired(records, namedAt.key(key)), {
      concurrency: MAX_CONCURRENCY,
    });
