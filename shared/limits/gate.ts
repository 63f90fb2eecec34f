import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Limit, MAX_SKEW_MS, SECOND_MS } from '#shared/domain/limits/shares.ts';
import { RelayError } from '#shared/errors.ts';

/** Supply of the share under which a gate lets calls begin. */
export interface ShareSource {
  /**
   * Returns the share under which a call of this maximum duration may begin now. Claims or renews it if necessary, and
   * returns the ends of calls that count against a new share. Gives up waiting once no call needs the share any more.
   * Not called concurrently.
   */
  hold(
    timeoutMs: number,
    isNeeded: () => boolean,
  ): Promise<{ readonly share: Limit; readonly inherited: readonly number[] }>;
  /** True if another function waits for the share, so that it must be released between two calls. */
  isWanted(): boolean;
  /**
   * Returns the share with the ends of its recent calls: for good, or only to `yield` it until the next call.
   * Called only while no call is in flight.
   */
  release(ended: readonly number[], why: 'done' | 'yield'): Promise<void>;
  /** True while a call of this duration may still begin. Time can pass between its turn and its first byte. */
  mayBegin(timeoutMs: number): boolean;
}

/** Turns for calls within limits. */
export interface Gate {
  /** Runs a call at its turn, in the order of the calls. Raises the error of the source if it has no share. */
  run<T>(timeoutMs: number, call: (mayBegin: () => boolean) => Promise<T>): Promise<T>;
  /**
   * Returns the share once the calls in flight have ended. Call it when no caller needs an answer any more: calls that
   * still wait for their turn fail.
   */
  release(): Promise<void>;
}

/** A call that ended, and the time until which it counts against the calls per second. */
interface EndedCall {
  readonly endMs: number;
  readonly untilMs: number;
}

/** A call of another function, whose clock can be behind ours. */
const inherit = (endMs: number): EndedCall => ({ endMs, untilMs: endMs + SECOND_MS + MAX_SKEW_MS });

/** No call counts for longer. One that would ended before the clock was set back. */
const MAX_COUNTED_MS = 2 * SECOND_MS;

interface GateOptions {
  /** Called for each call at its turn. */
  readonly onCall?: () => void;
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

interface Turn {
  readonly timeoutMs: number;
  readonly begin: () => void;
  readonly fail: (error: unknown) => void;
}

/** Time without a call after which the share goes back, because other functions may wait for it. */
const MAX_IDLE_MS = 1000;

/**
 * Creates a gate. A call begins only if fewer calls than allowed are in flight, and only if the calls in flight and
 * those that ended within the last second are fewer than the calls allowed per second. A server receives a call before
 * the call ends, so it never receives more in any second, whatever the network delays.
 */
export const createGate = (
  source: ShareSource,
  { onCall = () => {}, now = Date.now, sleep = sleepFor }: GateOptions = {},
): Gate => {
  const turns: Turn[] = [];
  /** Calls that ended and still count, in the order in which they cease to. */
  let ended: EndedCall[] = [];
  let inFlight = 0;
  let serving: Promise<void> | undefined;
  let onEnd = Promise.withResolvers<void>();
  /** Number of calls that have begun. */
  let calls = 0;

  const noteEnd = (): void => {
    inFlight--;
    const endMs = now();
    ended.push({ endMs, untilMs: endMs + SECOND_MS });
    onEnd.resolve();
    onEnd = Promise.withResolvers();
    void returnIfIdle(calls);
  };

  /** Returns the share unless a call follows the first `before` ones in time. The next call claims it again. */
  const returnIfIdle = async (before: number): Promise<void> => {
    if (inFlight > 0) return;
    await sleep(MAX_IDLE_MS);
    // A share that cannot be returned expires.
    if (calls === before && turns.length === 0) serving ??= serveWith(() => giveBack('yield').catch(() => {}));
  };

  const forgetOld = (): void => {
    const nowMs = now();
    ended = ended.filter(({ untilMs }) => untilMs > nowMs && untilMs <= nowMs + MAX_COUNTED_MS);
  };

  const giveBack = async (why: 'done' | 'yield'): Promise<void> => {
    while (inFlight > 0) await onEnd.promise;
    forgetOld();
    await source.release(
      ended.map(({ endMs }) => endMs),
      why,
    );
    ended = [];
  };

  /** Waits until the next call may begin. Returns false to ask again. */
  const isOpen = async (timeoutMs: number): Promise<boolean> => {
    if (source.isWanted()) {
      // A share that cannot be returned expires.
      await giveBack('yield').catch(() => {});
      return false;
    }
    const { share, inherited } = await source.hold(timeoutMs, () => turns.length > 0);
    ended = [...ended, ...inherited.map(inherit)].sort((one, other) => one.untilMs - other.untilMs);
    forgetOld();
    if (inFlight + ended.length < share.perSecond && inFlight < share.inFlight) return true;
    const [oldest] = ended;
    if (inFlight >= share.inFlight || oldest === undefined) await onEnd.promise;
    else await sleep(Math.max(1, oldest.untilMs - now()));
    return false;
  };

  const serve = async (): Promise<void> => {
    try {
      for (let turn = turns[0]; turn !== undefined; turn = turns[0]) {
        // The turn can have failed while it waited.
        if (!(await isOpen(turn.timeoutMs)) || turns[0] !== turn) continue;
        inFlight++;
        calls++;
        turns.shift();
        onCall();
        turn.begin();
      }
    } catch (error) {
      failAll(error);
    }
  };

  const failAll = (error: unknown): void => {
    for (const { fail } of turns.splice(0)) fail(error);
  };

  const serveWith = (work: () => Promise<void>): Promise<void> =>
    work().finally(() => {
      serving = undefined;
      if (turns.length > 0) wake();
    });

  const wake = (): void => {
    serving ??= serveWith(serve);
  };

  return {
    async run(timeoutMs, call) {
      await new Promise<void>((begin, fail) => {
        turns.push({ timeoutMs, begin, fail });
        wake();
      });
      try {
        return await call(() => source.mayBegin(timeoutMs));
      } finally {
        noteEnd();
      }
    },
    async release() {
      failAll(new RelayError('LimitReached', 'The session ended before the call had its turn. The step is retried.'));
      await serving;
      await giveBack('done');
    },
  };
};

/** A gate of one process, for limits that no other process uses. */
export const createOwnGate = (limit: Limit, options?: GateOptions): Gate =>
  createGate(
    {
      hold: async () => ({ share: limit, inherited: [] }),
      isWanted: () => false,
      release: async () => {},
      mayBegin: () => true,
    },
    options,
  );
