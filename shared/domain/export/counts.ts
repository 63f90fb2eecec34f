import * as z from 'zod';

/** Counts of an export. Pure. */
export const countsSchema = z.object({
  /** Events that were written. */
  exported: z.int().min(0),
  /** Those of them that were found before the cursor. */
  late: z.int().min(0),
  /** Rows that were written as they are, because their date or shape is unknown. */
  unreadable: z.int().min(0),
  /** Dates with so many events that the log may not show all of them. */
  crowded: z.int().min(0),
});
export type Counts = z.infer<typeof countsSchema>;

export const NO_COUNTS: Counts = { exported: 0, late: 0, unreadable: 0, crowded: 0 };

export const sumCounts = (one: Counts, other: Counts): Counts => ({
  exported: one.exported + other.exported,
  late: one.late + other.late,
  unreadable: one.unreadable + other.unreadable,
  crowded: one.crowded + other.crowded,
});
