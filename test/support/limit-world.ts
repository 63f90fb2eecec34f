import { setImmediate as turn } from 'node:timers/promises';
import type { Limit } from '#shared/domain/limits/shares.ts';
import { createConnectionLimit } from '#shared/limits/connection-limit.ts';
import { createGate, type Gate } from '#shared/limits/gate.ts';
import type { Priority } from '#shared/limits/limit-records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';

/** A clock that advances only when every process waits. */
export const createVirtualTime = () => {
  let nowMs = 1_000_000;
  let order = 0;
  const timers: { readonly atMs: number; readonly order: number; readonly fire: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (ms: number): Promise<void> =>
      new Promise((fire) => {
        timers.push({ atMs: nowMs + Math.max(0, ms), order: order++, fire });
      }),
    /** Runs until the work has ended. @throws if it waits for nothing, or for longer than a virtual day. */
    async run<T>(work: Promise<T>): Promise<T> {
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      done.catch(() => {});
      for (;;) {
        await turn();
        if (isDone) return done;
        timers.sort((one, other) => one.atMs - other.atMs || one.order - other.order);
        const next = timers.shift();
        if (next === undefined) throw new Error('The work waits for nothing.');
        if (next.atMs > 1_000_000 + 86_400_000) throw new Error('The work does not end.');
        nowMs = Math.max(nowMs, next.atMs);
        next.fire();
      }
    },
  };
};
export type VirtualTime = ReturnType<typeof createVirtualTime>;

/** A server that counts the calls that it handles at the same time, and those that it received in any second. */
const createCountingServer = ({ now, sleep }: VirtualTime) => {
  const received: number[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    async handle(durationMs: number): Promise<void> {
      received.push(now());
      maxInFlight = Math.max(maxInFlight, ++inFlight);
      await sleep(durationMs);
      inFlight--;
    },
    calls: () => received.length,
    maxInFlight: () => maxInFlight,
    maxPerSecond: () =>
      Math.max(0, ...received.map((from) => received.filter((at) => at >= from && at < from + 1000).length)),
  };
};

export interface ProcessOptions {
  readonly limit: Limit;
  readonly wanted?: Limit;
  readonly priority?: Priority;
  readonly timeoutMs?: number;
  readonly remainingMs?: () => number;
  /** Duration of each access to the records. */
  readonly latencyMs?: number;
  /** Answers of writes to the records that are lost after the write, in their order. */
  readonly lost?: readonly boolean[];
}

/** A process of the relay that calls the server within the limits of a connection. */
export const createLimitWorld = () => {
  const time = createVirtualTime();
  const records = memorySharedRecords();
  const server = createCountingServer(time);

  const start = ({
    limit,
    wanted = limit,
    priority = 'fleet',
    timeoutMs = 30_000,
    remainingMs = () => 900_000,
    latencyMs = 0,
    lost = [],
  }: ProcessOptions) => {
    let writes = 0;
    const replace: SharedRecords['replace'] = async (place, record, expected) => {
      await time.sleep(latencyMs);
      const version = await records.replace(place, record, expected);
      return lost[writes++] ? undefined : version;
    };
    let frozenUntilMs = 0;
    /** Continues only once the process is no longer frozen. */
    const thaw = async (): Promise<void> => {
      while (time.now() < frozenUntilMs) await time.sleep(frozenUntilMs - time.now());
    };
    const thawed = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work;
      await thaw();
      return result;
    };
    const ownRecords: SharedRecords = {
      read: (place) => thawed(time.sleep(latencyMs).then(() => records.read(place))),
      replace: (place, record, expected) => thawed(replace(place, record, expected)),
    };
    const sleep = (ms: number) => thawed(time.sleep(ms));
    const options = { now: time.now, sleep };
    const source = createConnectionLimit({
      connection: 'vault',
      limit,
      wanted,
      timeoutMs,
      priority,
      records: ownRecords,
      remainingMs,
      random: () => 0.5,
      ...options,
    });
    const gate: Gate = createGate(source, options);
    /** One call: it connects, is received if it may still begin, and is answered. Repeated if it came too late. */
    const call = async (durationMs: number, connectMs = 0): Promise<void> => {
      for (let isLate = true; isLate; ) {
        isLate = await gate.run(timeoutMs, async (mayBegin) => {
          if (connectMs > 0) await sleep(connectMs);
          if (!mayBegin()) return true;
          await thawed(server.handle(durationMs));
          return false;
        });
      }
    };
    return {
      call,
      calls: (count: number, durationMs: number): Promise<unknown> =>
        Promise.all(Array.from({ length: count }, () => call(durationMs))),
      release: gate.release,
      /** The server asked for a wait. */
      pause: source.pause.begin,
      freeze: (ms: number) => {
        frozenUntilMs = time.now() + ms;
      },
    };
  };
  return { time, records, server, start };
};
