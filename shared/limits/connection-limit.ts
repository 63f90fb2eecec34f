import { randomUUID } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import {
  claimShare,
  type Limit,
  MAX_SKEW_MS,
  NO_SHARES,
  releaseShare,
  renewShare,
  SECOND_MS,
  type Share,
  type Shares,
} from '#shared/domain/limits/shares.ts';
import { RelayError } from '#shared/errors.ts';
import type { ShareSource } from '#shared/limits/gate.ts';
import { limitAt, PRIORITIES, type Priority } from '#shared/limits/limit-records.ts';
import { ABSENT, changeRecord, type Known, type SharedRecords } from '#shared/records/shared-record.ts';

export interface ConnectionLimitOptions {
  /** Name in relay.yaml. */
  readonly connection: string;
  /** Limit of the connection, for all functions together. */
  readonly limit: Limit;
  /** Part of it that this function can use. */
  readonly wanted: Limit;
  /** Maximum duration of one call. */
  readonly timeoutMs: number;
  readonly priority: Priority;
  /** Shared by all functions of the stack. */
  readonly records: SharedRecords;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** The following are replaced only in tests. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/** Time by which a share outlasts the calls that may begin under it. No process can call longer than that. */
const MARGIN_MS = SECOND_MS + MAX_SKEW_MS;

/**
 * Time for which calls may begin before the share is renewed. A share of a process that died stays unavailable for at
 * most this long plus the maximum duration of a call.
 */
const TERM_MS = 30_000;

/** Interval at which a function asks whether a more urgent one waits. */
const LOOK_MS = 500;

/** A function waited if it said so within this time. */
const FRESH_MS = 1000;

/** Interval at which a waiting function says so. */
const SAY_MS = 300;

/** Maximum wait in one invocation. After it, the workflow waits, which costs less than a function that waits. */
const MAX_WAIT_MS = 60_000;

/** Time to leave for the step to end. */
const RESERVED_MS = 30_000;

const WAITS_MS: Readonly<Record<Priority, number>> = { person: 200, 'open-leases': 300, fleet: 1000 };

/**
 * Holds a share of a connection's limits for one process. The shares of all functions are in one record, so together
 * they never exceed the limits. A function that was frozen past the end of its share has to renew it before its next
 * call. Raises `LimitReached` if no share becomes available in time, and the errors of the records.
 */
export const createConnectionLimit = ({
  connection,
  limit,
  wanted,
  timeoutMs: usualTimeoutMs,
  priority,
  records,
  remainingMs,
  now = Date.now,
  sleep = sleepFor,
  random = Math.random,
}: ConnectionLimitOptions): ShareSource => {
  const place = limitAt.shares(connection);
  const rank = PRIORITIES.indexOf(priority);
  const moreUrgent = PRIORITIES.slice(0, rank);
  let share: Share | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let isWanted = false;
  /** A session has begun. Its leases can be open, so it does not give up before its function ends. */
  let hasBegun = false;

  /** The record as this process wrote it last. Few others change it during a session. */
  let written: Known<Shares> | undefined;

  const change = <R>(
    decide: Parameters<typeof changeRecord<Shares, R>>[2],
    known: Known<Shares> | undefined,
  ): Promise<R> =>
    changeRecord(records, place, decide, {
      known,
      onWritten: (state) => {
        written = { state };
      },
      sleep,
      random,
    });

  const isWaitedFor = async (priorities: readonly Priority[]): Promise<boolean> => {
    const saidRecords = await Promise.all(priorities.map((one) => records.read(limitAt.waiting(connection, one))));
    return saidRecords.some((one) => one !== undefined && Math.abs(now() - one.record.atMs) < FRESH_MS);
  };

  /** Asks in the background, so that calls do not wait for the answer. */
  const look = (): void => {
    if (priority === 'person' || now() - lookedAtMs < LOOK_MS) return;
    lookedAtMs = now();
    // A session that has begun has leases open itself. It is interrupted only for a person.
    isWaitedFor(['person']).then(
      (isWaited) => {
        isWanted ||= isWaited;
      },
      // The share stays valid. A failure to read shows in the next claim or renewal.
      () => {},
    );
  };

  const sayWaiting = async (): Promise<void> => {
    if (priority === 'fleet') return;
    const said = limitAt.waiting(connection, priority);
    const current = await records.read(said);
    if (current !== undefined && Math.abs(now() - current.record.atMs) < SAY_MS) return;
    // Another function said so at the same time if this fails.
    await records.replace(said, { atMs: now() }, current?.version ?? ABSENT);
  };

  const isUsable = ({ untilMs }: Share, timeoutMs: number): boolean => now() <= untilMs - timeoutMs - MARGIN_MS;

  const endOf = (timeoutMs: number): number => now() + TERM_MS + Math.max(timeoutMs, usualTimeoutMs) + MARGIN_MS;

  const renew = (holder: string, timeoutMs: number): Promise<Share | undefined> => {
    const untilMs = endOf(timeoutMs);
    return change((current = NO_SHARES) => {
      const renewed = renewShare(current, holder, untilMs);
      return { next: renewed?.next, result: renewed?.share };
    }, written);
  };

  const tryClaim = (holder: string, timeoutMs: number, known: Known<Shares>) => {
    const nowMs = now();
    const untilMs = endOf(timeoutMs);
    return change((current = NO_SHARES) => {
      const claimed = claimShare(current, limit, wanted, { holder, nowMs, untilMs });
      return { next: claimed?.next, result: claimed };
    }, known);
  };

  const claim = async (
    timeoutMs: number,
    isNeeded: () => boolean,
  ): Promise<{ share: Share; inherited: readonly number[] }> => {
    const holder = randomUUID();
    const untilEndMs = remainingMs() - RESERVED_MS;
    const giveUpAtMs = now() + (hasBegun ? untilEndMs : Math.min(MAX_WAIT_MS, untilEndMs));
    const before = hasBegun ? moreUrgent.slice(0, 1) : moreUrgent;
    for (;;) {
      const [isWaited, state] = await Promise.all([isWaitedFor(before), records.read(place)]);
      if (!isWaited) {
        const claimed = await tryClaim(holder, timeoutMs, { state });
        if (claimed !== undefined) return claimed;
      }
      if (now() >= giveUpAtMs || !isNeeded()) throw limitReached(connection, limit);
      await sayWaiting();
      await sleep(WAITS_MS[priority] * (0.5 + random()));
    }
  };

  return {
    async hold(timeoutMs, isNeeded) {
      look();
      if (share !== undefined && isUsable(share, timeoutMs)) return { share, inherited: [] };
      if (share !== undefined) share = await renew(share.holder, timeoutMs);
      if (share !== undefined) return { share, inherited: [] };
      const claimed = await claim(timeoutMs, isNeeded);
      ({ share } = claimed);
      hasBegun = true;
      isWanted = false;
      lookedAtMs = now();
      return claimed;
    },
    isWanted: () => isWanted && share !== undefined,
    mayBegin: (timeoutMs) => share !== undefined && isUsable(share, timeoutMs),
    async release(ended, why) {
      if (why === 'done') hasBegun = false;
      const released = share;
      share = undefined;
      isWanted = false;
      if (released === undefined) return;
      await change(
        (current = NO_SHARES) => ({
          next: releaseShare(current, released.holder, ended, now()),
          result: undefined,
        }),
        written,
      );
    },
  };
};

const limitReached = (connection: string, { inFlight, perSecond }: Limit): RelayError =>
  new RelayError(
    'LimitReached',
    `${connection}: other functions use all of its limits (${inFlight} calls in flight, ${perSecond} per second). The step waits and is retried. If this persists, raise limits.inFlight and limits.perSecond in relay.yaml, or spread the schedules of the syncs.`,
  );
