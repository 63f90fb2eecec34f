import { NO_SHARES, pause, pausedUntil, type Shares } from '#shared/domain/limits/shares.ts';
import { RelayError } from '#shared/errors.ts';
import { limitAt } from '#shared/limits/limit-records.ts';
import { MAX_WAIT_MS, RESERVED_MS } from '#shared/limits/waits.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';

export interface PauseOptions {
  /** Name in relay.yaml. */
  readonly connection: string;
  /** Shared by all functions of the stack. */
  readonly records: SharedRecords;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly random: () => number;
}

/** Wait that the server of a connection asked for, as one process knows it. */
export interface Pause {
  /** Learns from the shares what another function was told. */
  note(shares: Shares | undefined): void;
  /**
   * Waits until the server takes calls again. Raises `LimitReached` for a longer wait, even if leases are open: that of
   * the workflow costs less than a function that waits.
   */
  outlast(): Promise<void>;
  /**
   * Stops the calls of all functions for as long as the server asked, and returns the error of that wait. If the record
   * cannot be written, this process stops all the same.
   */
  begin(waitMs: number): Promise<RelayError>;
}

/** Creates the view of one process. */
export const createPause = ({ connection, records, remainingMs, now, sleep, random }: PauseOptions): Pause => {
  let untilMs = 0;
  return {
    note(shares = NO_SHARES) {
      untilMs = Math.max(untilMs, pausedUntil(shares, now()) ?? 0);
    },
    async outlast() {
      const waitMs = untilMs - now();
      if (waitMs <= 0) return;
      if (waitMs > Math.min(MAX_WAIT_MS, remainingMs() - RESERVED_MS)) throw limitReached(connection, untilMs);
      await sleep(waitMs);
    },
    async begin(waitMs) {
      untilMs = pause({ ...NO_SHARES, pausedUntilMs: untilMs }, waitMs, now()).pausedUntilMs;
      const telling = changeRecord(
        records,
        limitAt.shares(connection),
        (current = NO_SHARES) => ({ next: pause(current, waitMs, now()), result: undefined }),
        { sleep, random },
      );
      await telling.catch(() => {});
      return limitReached(connection, untilMs);
    },
  };
};

const limitReached = (connection: string, untilMs: number): RelayError =>
  new RelayError(
    'LimitReached',
    `${connection}: the server asked for no calls before ${new Date(untilMs).toISOString()}. The step waits and is retried. If this persists, lower limits.perSecond in relay.yaml, and check which other programs use the same account or address.`,
  );
