import { DigestSet } from '#shared/domain/export/digest-set.ts';
import { digestOfLine, type LogPlace, type Row } from '#shared/domain/export/rows.ts';
import { RelayError } from '#shared/errors.ts';
import { type EventFiles, eventFileKey } from '#shared/records/event-files.ts';
import { exportsAt } from '#shared/records/export-records.ts';
import type { Records } from '#shared/records/records.ts';

export interface FileLogOptions {
  readonly rule: string;
  readonly files: EventFiles;
  readonly records: Pick<Records, 'read' | 'write'>;
}

/** Counts of rows that were written. */
interface Written {
  readonly rows: number;
  readonly late: number;
}

/** The files of one place. */
export interface FileLog {
  /** Keeps a row to be written, unless it was written or is kept already. Returns true if it is kept now. */
  add(row: Row, isLate: boolean): boolean;
  /** Writes what is kept. Raises `StoreDenied` or `StoreUnavailable`, and is then not usable any more. */
  settle(): Promise<Written>;
}

interface Kept {
  readonly row: Row;
  readonly isLate: boolean;
}

/**
 * Opens the files of a place. They are a log, which grows only by the creation of the file with the next number. So of
 * two invocations with the same rows only one can write them, even if one of them was frozen in between: the other one
 * finds the file, takes its digests over, and writes what is left. The index is a shortcut that can be outdated.
 */
export const openFileLog = async (place: LogPlace, { rule, files, records }: FileLogOptions): Promise<FileLog> => {
  const index = await records.read(exportsAt.index(rule, place));
  const known = DigestSet.fromText(index?.digests ?? '');
  let count = index?.files ?? 0;
  const kept = new Map<string, Kept>();

  const absorb = (text: string): void => {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const digest = digestOfLine(line);
      known.add(digest);
      kept.delete(idOf(digest));
    }
  };

  /** Writes what is kept as the next file, or takes over the file that is there. */
  const append = async (): Promise<Written> => {
    const rows = [...kept.values()];
    // The log is read from its end, and a file is in the order of time.
    const lines = rows
      .toReversed()
      .map(({ row }) => `${row.line}\n`)
      .join('');
    const key = eventFileKey(rule, place, count);
    const isCreated = await files.create(key, lines);
    const text = isCreated ? lines : await files.read(key);
    if (text === undefined) {
      throw new RelayError('StoreUnavailable', `The file ${key} exists and cannot be read. The step is retried.`);
    }
    absorb(text);
    count++;
    // The same lines are ours: the answer to their creation was lost.
    return text === lines ? { rows: rows.length, late: rows.filter(({ isLate }) => isLate).length } : NOTHING;
  };

  return {
    add(row, isLate) {
      const id = idOf(row.digest);
      if (known.has(row.digest) || kept.has(id)) return false;
      kept.set(id, { row, isLate });
      return true;
    },
    async settle() {
      if (kept.size === 0) return NOTHING;
      let written = NOTHING;
      while (kept.size > 0) written = sum(written, await append());
      await records.write(exportsAt.index(rule, place), { files: count, digests: known.toText() });
      return written;
    },
  };
};

const NOTHING: Written = { rows: 0, late: 0 };

const sum = (one: Written, other: Written): Written => ({
  rows: one.rows + other.rows,
  late: one.late + other.late,
});

const idOf = (digest: Uint8Array): string => Buffer.from(digest).toString('base64');
