import type { Switches } from './switches.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;

interface Usage {
  /** Times of the counted calls of the last hour. */
  times: number[];
  /** Calls that a test spent at once. */
  spent: { readonly at: number; readonly calls: number }[];
}

/** Counts the calls of each API account over all APIs. Refused calls do not count. */
export class Throttle {
  readonly #usage = new Map<string, Usage>();
  readonly #now: () => number;
  readonly #switches: Switches;

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  /** Counts a call. @returns false if it is over a limit. */
  take(clientId: string): boolean {
    const now = this.#now();
    const { times } = this.#usageOf(clientId);
    const inLastSecond = times.length - times.findLastIndex((at) => at <= now - SECOND_MS) - 1;
    if (inLastSecond >= this.#switches.callsPerSecond || this.remaining(clientId) === 0) return false;
    times.push(now);
    return true;
  }

  /** Calls left in this hour. */
  remaining(clientId: string): number {
    const { times, spent } = this.#usageOf(clientId);
    const used = times.length + spent.reduce((sum, { calls }) => sum + calls, 0);
    return Math.max(0, this.#switches.callsPerHour - used);
  }

  /** Uses up calls, like another program with the same API account. */
  spend(clientId: string, calls: number): void {
    this.#usageOf(clientId).spent.push({ at: this.#now(), calls });
  }

  #usageOf(clientId: string): Usage {
    const usage = this.#usage.get(clientId) ?? { times: [], spent: [] };
    this.#usage.set(clientId, usage);
    const now = this.#now();
    const start = this.#switches.hourWindow === 'clock' ? now - (now % HOUR_MS) : now - HOUR_MS + 1;
    const isOver = (at: number | undefined) => at !== undefined && at < start;
    if (isOver(usage.times[0])) usage.times = usage.times.filter((at) => !isOver(at));
    if (isOver(usage.spent[0]?.at)) usage.spent = usage.spent.filter(({ at }) => !isOver(at));
    return usage;
  }
}
