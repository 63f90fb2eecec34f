import * as z from 'zod';
import { countsSchema } from '#shared/domain/export/counts.ts';
import { cursorSchema } from '#shared/domain/export/cursor.ts';
import { type LogPlace, logPlaceSchema } from '#shared/domain/export/rows.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { EXPORT_STATUSES } from '#shared/workflows/export.ts';

/**
 * Records of the exports, in the records bucket, beside the events themselves (`event-files.ts`). None of them contains
 * an event.
 *
 *     exports/<rule>/cursor.json                  what was read, and the run that reads
 *     exports/<rule>/index/2026-11-29/07.json     digests of the events of an hour
 *     exports/<rule>/index/unreadable.json        digests of the rows that could not be read
 *     exports/<rule>/report.json                  result of the last run
 */

const uncountedSchema = z.object({ place: logPlaceSchema, file: z.int().min(0) });
export type Uncounted = z.infer<typeof uncountedSchema>;

const cursorRecordSchema = z.object({
  /** Number of writes, and the invocation that wrote last. Together they distinguish any two versions. */
  writes: z.int().min(0),
  by: z.string(),
  /** Run that works on the rule, until a time in epoch milliseconds. */
  active: z.object({ run: z.string(), until: z.int() }).optional(),
  cursor: cursorSchema,
  /** Counts of the run that is active, or of the one that was reported last. */
  counts: countsSchema,
  /** Logs in which the files from this number on are not counted yet. */
  uncounted: z.array(uncountedSchema),
});
export type CursorRecord = z.infer<typeof cursorRecordSchema>;

/**
 * Digests of the rows in the first files of an hour, or of the rows that could not be read. It saves reading these
 * files: without it, or with an older one, they are read.
 */
const indexSchema = z.object({
  /** Number of these files. */
  files: z.int().min(0),
  /** See `DigestSet`. */
  digests: z.string(),
});
export type EventIndex = z.infer<typeof indexSchema>;

const reportSchema = z.object({
  rule: z.string(),
  run: z.string(),
  status: z.enum(EXPORT_STATUSES),
  finishedAt: z.string(),
  /** Date up to which everything was exported; absent before the first run got to it. */
  position: z.string().optional(),
  /** Start of the last complete re-sweep. */
  resweptAt: z.string().optional(),
  ...countsSchema.shape,
});
export type ExportReport = z.infer<typeof reportSchema>;

/** Key and schema of each record. */
export const exportsAt = {
  cursor: (rule: string): RecordPlace<CursorRecord> => ({
    key: `exports/${rule}/cursor.json`,
    schema: cursorRecordSchema,
  }),
  index: (rule: string, place: LogPlace): RecordPlace<EventIndex> => ({
    key: `exports/${rule}/index/${place}.json`,
    schema: indexSchema,
    ifUnreadable: { files: 0, digests: '' },
  }),
  report: (rule: string): RecordPlace<ExportReport> => ({ key: `exports/${rule}/report.json`, schema: reportSchema }),
} as const;
