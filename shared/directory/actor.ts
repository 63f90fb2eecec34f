import type { DirectorySession } from '#shared/connections/directory.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';

/** One who carries out steps: the apply of a run, an undo, or a message. */
export interface Actor {
  readonly session: DirectorySession;
  readonly records: RemovableRecords;
  readonly journal: Records;
  /** Entry under directories. */
  readonly rule: string;
  /** Run, or id of the message. */
  readonly by: string;
  readonly graceDays: number;
  /** Returns the id of a declared group; undefined if it could not be created. */
  readonly groupNamed: (name: string) => Promise<string | undefined>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Result of a step. `nothing`: it is no longer needed. */
export type Carried = { readonly result: 'done' | 'nothing' } | { readonly result: 'refused'; readonly reason: string };

export const DONE: Carried = { result: 'done' };
export const NOTHING: Carried = { result: 'nothing' };
