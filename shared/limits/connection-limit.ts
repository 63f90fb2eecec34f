import { randomUUID } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import {
  claimShare,
  isLess,
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
import { limitAt, type Priority } from '#shared/limits/limit-records.ts';
import { createPause, type Pause } from '#shared/limits/pause.ts';
import { createWaiting, moreUrgentThan, WAITS_MS } from '#shared/limits/waiting.ts';
import { MAX_WAIT_MS, RESERVED_MS } from '#shared/limits/waits.ts';
import { changeRecord, type Known, type SharedRecords } from '#shared/records/shared-record.ts';

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

/** Share of a connection's limits for one process, and the wait that its server asked for. */
export interface ConnectionLimit extends ShareSource {
  readonly pause: Pause;
}

/** Time by which a share outlasts the calls that may begin under it. No process can call longer than that. */
const MARGIN_MS = SECOND_MS + MAX_SKEW_MS;

/**
 * Time for which calls may begin before the share is renewed. A share of a process that died stays unavailable for at
 * most this long plus the maximum duration of a call.
 */
const TERM_MS = 15_000;

/** Interval at which a share that is smaller than wanted is renewed to enlarge it. */
const GROW_MS = 5000;

/** Interval at which a function asks whether another one waits. */
const LOOK_MS = 500;

/** Time after which a share goes to a function of the same priority that waits. */
const MAX_HELD_MS = 10_000;

/**
 * Holds a share of a connection's limits for one process. The shares of all functions are in one record, so together
 * they never exceed the limits. A function that was frozen past the end of its share has to renew it before its next
 * call. Raises `LimitReached` if no share becomes available in time, or if the server asked for a longer wait, and the
 * errors of the records.
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
}: ConnectionLimitOptions): ConnectionLimit => {
  const place = limitAt.shares(connection);
  const waiting = createWaiting(connection, records, now);
  const pause = createPause({ connection, records, remainingMs, now, sleep, random });
  const moreUrgent = moreUrgentThan(priority);
  let share: Share | undefined;
  let claimedAtMs = 0;
  let renewedAtMs = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Priority of a function that waits and for which the share is returned between two calls. */
  let wantedBy: Priority | undefined;
  /** That function tries again before this time. */
  let stayBackUntilMs = 0;
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

  const findWaiting = async (heldMs: number): Promise<typeof wantedBy> => {
    // A session that has begun can have leases open itself. Only a person interrupts it at once.
    const urgent = heldMs < MAX_HELD_MS ? moreUrgent.slice(0, 1) : [...moreUrgent, priority];
    return waiting.mostUrgent(urgent);
  };

  /** Asks in the background, so that calls do not wait for the answer. */
  const look = (): void => {
    if (now() - lookedAtMs < LOOK_MS) return;
    lookedAtMs = now();
    const asked = share?.holder;
    findWaiting(now() - claimedAtMs).then(
      (found) => {
        if (share?.holder === asked) wantedBy ??= found;
      },
      // The share stays valid. A failure to read shows in the next claim or renewal.
      () => {},
    );
  };

  const isUsable = ({ untilMs }: Share, timeoutMs: number): boolean => now() <= untilMs - timeoutMs - MARGIN_MS;

  const isToRenew = (held: Share, timeoutMs: number): boolean =>
    !isUsable(held, timeoutMs) || (isLess(held, wanted) && now() - renewedAtMs > GROW_MS);

  const untilMsFor = (timeoutMs: number): number => now() + TERM_MS + Math.max(timeoutMs, usualTimeoutMs) + MARGIN_MS;

  const renew = async ({ holder, ...held }: Share, timeoutMs: number) => {
    const mayGrow = isLess(held, wanted) && (await waiting.mostUrgent([...moreUrgent, priority])) === undefined;
    return change((current = NO_SHARES) => {
      const claim = { holder, nowMs: now(), untilMs: untilMsFor(timeoutMs) };
      const renewed = renewShare(current, limit, mayGrow ? wanted : held, claim);
      return { next: renewed?.next, result: renewed };
    }, written);
  };

  /** A share that is still valid serves on, whatever happens to its renewal. */
  const renewOrKeep = async (held: Share, timeoutMs: number): Promise<Share | undefined> => {
    try {
      return (await renew(held, timeoutMs))?.share;
    } catch (error) {
      if (isUsable(held, timeoutMs)) return held;
      throw error;
    }
  };

  const tryClaim = (holder: string, timeoutMs: number, known: Known<Shares>) =>
    change((current = NO_SHARES) => {
      const claimed = claimShare(current, limit, wanted, { holder, nowMs: now(), untilMs: untilMsFor(timeoutMs) });
      return { next: claimed?.next, result: claimed };
    }, known);

  const claim = async (timeoutMs: number, isNeeded: () => boolean) => {
    const holder = randomUUID();
    const untilEndMs = remainingMs() - RESERVED_MS;
    const giveUpAtMs = now() + (hasBegun ? untilEndMs : Math.min(MAX_WAIT_MS, untilEndMs));
    const before = hasBegun ? moreUrgent.slice(0, 1) : moreUrgent;
    let hasWaited = false;
    if (now() < stayBackUntilMs) await sleep(stayBackUntilMs - now());
    for (;;) {
      const [urgent, state] = await Promise.all([waiting.mostUrgent(before), records.read(place)]);
      pause.note(state?.record);
      await pause.outlast();
      if (urgent === undefined) {
        const claimed = await tryClaim(holder, timeoutMs, { state });
        if (claimed !== undefined) {
          // Less urgent functions would wait until it is old.
          if (hasWaited) void waiting.unsay(priority).catch(() => {});
          return claimed;
        }
      }
      if (now() >= giveUpAtMs || !isNeeded()) throw limitReached(connection, limit);
      await waiting.say(priority);
      hasWaited = true;
      await sleep(WAITS_MS[priority] * (0.5 + random()));
    }
  };

  return {
    pause,
    async hold(timeoutMs, isNeeded) {
      look();
      await pause.outlast();
      if (share !== undefined && !isToRenew(share, timeoutMs)) return { share, inherited: [] };
      if (share !== undefined) {
        share = await renewOrKeep(share, timeoutMs);
        renewedAtMs = now();
        if (share !== undefined) return { share, inherited: [] };
      }
      ({ share } = await claim(timeoutMs, isNeeded));
      claimedAtMs = now();
      renewedAtMs = claimedAtMs;
      lookedAtMs = claimedAtMs;
      wantedBy = undefined;
      hasBegun = true;
      return { share, inherited: share.inherited };
    },
    isWanted: () => wantedBy !== undefined && share !== undefined,
    mayBegin: (timeoutMs) => share !== undefined && isUsable(share, timeoutMs),
    async release(ended, why) {
      if (why === 'done') hasBegun = false;
      const released = share;
      share = undefined;
      if (released === undefined) return;
      await change(
        (current = NO_SHARES) => ({
          next: releaseShare(current, released.holder, ended, now()),
          result: undefined,
        }),
        written,
      );
      if (why === 'yield' && wantedBy !== undefined) stayBackUntilMs = now() + 2 * WAITS_MS[wantedBy];
    },
  };
};

const limitReached = (connection: string, { inFlight, perSecond }: Limit): RelayError =>
  new RelayError(
    'LimitReached',
    `${connection}: other functions use all of its limits (${inFlight} calls in flight, ${perSecond} per second). The step waits and is retried. If this persists, raise limits.inFlight and limits.perSecond in relay.yaml, or spread the schedules of the syncs.`,
  );
