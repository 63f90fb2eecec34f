import { type Counts, NO_COUNTS, sumCounts } from '#shared/domain/export/counts.ts';
import { DigestSet } from '#shared/domain/export/digest-set.ts';
import { type LogPlace, type Row, readLine } from '#shared/domain/export/rows.ts';
import { RelayError } from '#shared/errors.ts';
import { type EventFiles, eventFileKey } from '#shared/records/event-files.ts';
import { exportsAt, type Uncounted } from '#shared/records/export-records.ts';
import type { Records } from '#shared/records/records.ts';

export interface FileLogOptions {
  readonly rule: string;
  readonly files: EventFiles;
  readonly records: Pick<Records, 'read' | 'write'>;
  /** Position of the cursor. Events before it are late. */
  readonly position: string;
}

/** The files of one place. */
export interface FileLog {
  /** Keeps a row to be written, unless it was written or is kept already. Returns true if it is kept now. */
  add(row: Row): boolean;
  /** Finds the end of the log. Returns where {@link FileLog.settle} begins; undefined if there is nothing to write. */
  prepare(): Promise<Uncounted | undefined>;
  /** Writes what is kept. Raises `StoreDenied` or `StoreUnavailable`, and is then not usable any more. */
  settle(): Promise<Counts>;
}

/**
 * Opens the files of a place. They are a log, which grows only by the creation of the file with the next number. So of
 * two invocations with the same rows only one can write them, even if one of them was frozen in between: the other one
 * finds the file, takes its digests over, and writes what is left. The index is a shortcut that can be outdated.
 */
export const openFileLog = async (place: LogPlace, options: FileLogOptions): Promise<FileLog> => {
  const { rule, files, records, position } = options;
  const index = await records.read(exportsAt.index(rule, place));
  const known = DigestSet.fromText(index?.digests ?? '');
  let indexed = index?.files ?? 0;
  let count = indexed;
  const kept = new Map<string, Row>();
  const keyOf = (file: number): string => eventFileKey(rule, place, file);

  const absorb = (text: string): Counts => {
    const { digests, counts } = readFile(text, place, position);
    for (const digest of digests) {
      known.add(digest);
      kept.delete(idOf(digest));
    }
    count++;
    return counts;
  };

  /** Writes what is kept as the next file, or takes over the file that is there. */
  const append = async (): Promise<Counts> => {
    // The log is read from its end, and a file is in the order of time.
    const lines = [...kept.values()]
      .toReversed()
      .map(({ line }) => `${line}\n`)
      .join('');
    const isCreated = await files.create(keyOf(count), lines);
    const text = isCreated ? lines : await files.read(keyOf(count));
    if (text === undefined) {
      throw new RelayError(
        'StoreUnavailable',
        `The file ${keyOf(count)} exists and cannot be read. The step is retried.`,
      );
    }
    return absorb(text);
  };

  return {
    add(row) {
      const id = idOf(row.digest);
      if (known.has(row.digest) || kept.has(id)) return false;
      kept.set(id, row);
      return true;
    },
    async prepare() {
      if (kept.size === 0) return undefined;
      for await (const text of textsFrom({ place, file: count }, options)) absorb(text);
      return kept.size === 0 ? undefined : { place, file: count };
    },
    async settle() {
      let written = NO_COUNTS;
      while (kept.size > 0) written = sumCounts(written, await append());
      if (count > indexed) {
        await records.write(exportsAt.index(rule, place), { files: count, digests: known.toText() });
        indexed = count;
      }
      return written;
    },
  };
};

/** Texts of the files of a log from a number on. */
const textsFrom = async function* (
  { place, file }: Uncounted,
  { rule, files }: Pick<FileLogOptions, 'rule' | 'files'>,
): AsyncGenerator<string> {
  for (let number = file; ; number++) {
    const text = await files.read(eventFileKey(rule, place, number));
    if (text === undefined) return;
    yield text;
  }
};

/** Counts the rows that an invocation has written and, because it died, not counted. */
export const countMissed = async (
  uncounted: readonly Uncounted[],
  options: Omit<FileLogOptions, 'records'>,
): Promise<Counts> => {
  let missed = NO_COUNTS;
  for (const log of uncounted) {
    for await (const text of textsFrom(log, options)) {
      missed = sumCounts(missed, readFile(text, log.place, options.position).counts);
    }
  }
  return missed;
};

/** Digests and counts of the rows of a file. */
const readFile = (text: string, place: LogPlace, position: string) => {
  const lines = text.split('\n').filter((line) => line !== '');
  const rows = lines.flatMap((line) => readLine(line, place, position) ?? []);
  const counts: Counts =
    place === 'unreadable'
      ? { ...NO_COUNTS, unreadable: rows.length }
      : { ...NO_COUNTS, exported: rows.length, late: rows.filter(({ isLate }) => isLate).length };
  return { digests: rows.map(({ digest }) => digest), counts };
};

const idOf = (digest: Uint8Array): string => Buffer.from(digest).toString('base64');
