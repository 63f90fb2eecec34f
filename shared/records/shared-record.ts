import { setTimeout as sleepFor } from 'node:timers/promises';
import { RelayError } from '#shared/errors.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records that several processes change at the same time. Each change is a compare-and-swap: it is written only if the
 * record is still the one that was read. This is the relay's one mechanism for anything that only one process may have:
 * ids of checkouts, shares of a limit, the pace of a store.
 */

/** A record and its version. The version is opaque and differs between any two states with different content. */
interface Versioned<T> {
  readonly record: T;
  readonly version: string;
}

/** Version of a record that does not exist. */
export const ABSENT = 'absent';

/** The records bucket, for shared records. Raises `StoreDenied`, `StoreUnavailable` and `ContractViolated`. */
export interface SharedRecords {
  /** Undefined if the record does not exist. Repeatable. */
  read<T>(place: RecordPlace<T>): Promise<Versioned<T> | undefined>;
  /**
   * Writes the record if its current version is `expected`, or if it does not exist and `expected` is {@link ABSENT}.
   * Returns the new version, or undefined if another version exists. A write whose answer is lost can take effect and
   * still return undefined. Equal content has equal versions, so it must contain what distinguishes two states.
   */
  replace<T>(place: RecordPlace<T>, record: T, expected: string): Promise<string | undefined>;
}

/** Shared records that are also listed and removed. */
export interface RemovableRecords extends SharedRecords {
  /** Keys and versions of all records whose keys begin with `prefix`, of any size. Repeatable. */
  list(prefix: string): Promise<readonly { readonly key: string; readonly version: string }[]>;
  /**
   * Removes the record if its current version is `expected`. Returns true if it did. A removal whose answer is lost can
   * take effect and still return false.
   */
  remove(place: Pick<RecordPlace<unknown>, 'key'>, expected: string): Promise<boolean>;
}

/** Next state of a record that is removed. */
export const REMOVED = Symbol('removed');

/** A decision on a shared record: the next state, if it changes, and the result for the caller. */
export interface Change<T, R> {
  readonly next?: T | undefined;
  readonly result: R;
}

/** State of a record that was read or written before; `undefined` for a record that did not exist. */
export interface Known<T> {
  readonly state: Versioned<T> | undefined;
}

export interface ChangeOptions<T> {
  /** State for the first attempt, which then reads nothing. It can be outdated. */
  readonly known?: Known<T> | undefined;
  /** Called with the new state once it is written. */
  readonly onWritten?: (written: Versioned<T>) => void;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/** Attempts at a change. With full jitter, hundreds of writers of one record all succeed within them. */
const MAX_ATTEMPTS = 40;

const MAX_PAUSE_MS = 2000;

/**
 * Reads a record, decides, and writes the decision. Starts over if another process changed the record in between.
 * `decide` is called once per attempt; it must recognise its own earlier change, whose answer can have been lost.
 * Raises `StoreUnavailable` after {@link MAX_ATTEMPTS}.
 */
export const changeRecord = <T, R>(
  records: SharedRecords,
  place: RecordPlace<T>,
  decide: (current: T | undefined) => Change<T, R>,
  options: ChangeOptions<T> = {},
): Promise<R> => change(records, place, decide, (next, expected) => records.replace(place, next, expected), options);

/** The same for a record that the decision can also remove. `onWritten` is not called for a removal. */
export const changeOrRemove = <T, R>(
  records: RemovableRecords,
  place: RecordPlace<T>,
  decide: (current: T | undefined) => Change<T | typeof REMOVED, R>,
  { onWritten, ...options }: ChangeOptions<T> = {},
): Promise<R> =>
  change<T, T | typeof REMOVED, R>(
    records,
    place,
    decide,
    async (next, expected) => {
      if (next === REMOVED) return (await records.remove(place, expected)) ? ABSENT : undefined;
      const version = await records.replace(place, next, expected);
      if (version !== undefined) onWritten?.({ record: next, version });
      return version;
    },
    options,
  );

const change = async <T, N, R>(
  records: Pick<SharedRecords, 'read'>,
  place: RecordPlace<T>,
  decide: (current: T | undefined) => Change<N, R>,
  write: (next: N, expected: string) => Promise<string | undefined>,
  {
    known,
    onWritten = () => {},
    sleep = sleepFor,
    random = Math.random,
  }: Omit<ChangeOptions<T>, 'onWritten'> & Pick<ChangeOptions<N>, 'onWritten'>,
): Promise<R> => {
  for (let attempt = known === undefined ? 1 : 0; attempt <= MAX_ATTEMPTS; attempt++) {
    const current = attempt === 0 ? known?.state : await records.read(place);
    const { next, result } = decide(current?.record);
    if (next === undefined && attempt > 0) return result;
    const version = next === undefined ? undefined : await write(next, current?.version ?? ABSENT);
    if (next !== undefined && version !== undefined) {
      onWritten({ record: next, version });
      return result;
    }
    if (attempt > 0) await sleep(random() * Math.min(MAX_PAUSE_MS, 10 * 2 ** attempt));
  }
  throw new RelayError(
    'StoreUnavailable',
    `The record ${place.key} was changed by other functions during ${MAX_ATTEMPTS} attempts. The step is retried.`,
  );
};

/**
 * Writes a record unless one exists at its place. Returns the given object itself if it was written, and otherwise the
 * existing record. Repeatable.
 */
export const claimRecord = async <T>(records: SharedRecords, place: RecordPlace<T>, record: T): Promise<T> => {
  if ((await records.replace(place, record, ABSENT)) !== undefined) return record;
  const existing = await records.read(place);
  if (existing !== undefined) return existing.record;
  // The concurrent writer can still fail.
  throw new RelayError('StoreUnavailable', `The record ${place.key} is being written. The step is retried.`);
};
