import type { LogPlace } from '#shared/domain/export/rows.ts';

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

/** Key of a file. The files of a place are numbered from 0 without a gap. */
export const eventFileKey = (rule: string, place: LogPlace, number: number): string => {
  const files = place === 'unreadable' ? `${place}/` : `day=${place}-`;
  return `events/${rule}/${files}${String(number).padStart(6, '0')}.jsonl`;
};
