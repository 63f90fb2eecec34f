/**
 * Files of exported events in the records bucket. A file is created once and never changed. Raises `StoreDenied` or
 * `StoreUnavailable`.
 */
export interface EventFiles {
  /**
   * Creates a file of lines. Returns false if one exists with this key. A creation whose answer is lost can take effect
   * and still return false. Repeatable.
   */
  create(key: string, lines: string): Promise<boolean>;
  /** Undefined if there is no such file. Repeatable. */
  read(key: string): Promise<string | undefined>;
}

interface Place {
  readonly rule: string;
  readonly day: string;
  readonly hour: string;
}

/** Key of a file of one hour. The files of an hour are numbered from 0 without a gap. */
export const eventFileKey = ({ rule, day, hour }: Place, number: number): string =>
  `events/${rule}/day=${day}/${hour}-${String(number).padStart(6, '0')}.jsonl`;
