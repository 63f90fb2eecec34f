import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Labels } from '#shared/domain/item.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import type { Run } from '#shared/workflows/run.ts';

const labelsSchema = z.record(z.string(), z.string());

type RunPlace = Pick<Run, 'rule' | 'run'>;

/**
 * Items that messages named for a run of a sync. Each has one record, so a repeated message adds nothing.
 *
 *     named/<rule>/<run>/<hash>.json
 */
export const namedAt = {
  prefix: ({ rule, run }: RunPlace): string => `named/${rule}/${run}/`,
  item: (run: RunPlace, labels: Labels): RecordPlace<Labels> => {
    const sorted = Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1));
    const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
    return namedAt.key(`${namedAt.prefix(run)}${hash}.json`);
  },
  /** Place of a record under the prefix. */
  key: (key: string): RecordPlace<Labels> => ({ key, schema: labelsSchema }),
} as const;
