import type { Switches } from './switches.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

interface Rule {
  readonly name: string;
  readonly period: '1s' | '1m';
  readonly most: number;
}

interface Window {
  readonly startedAt: number;
  count: number;
}

/** The state of the limits after a call. */
export interface Usage {
  /** The rule that refused the call. */
  readonly refusedBy: { readonly period: string; readonly secondsLeft: number } | undefined;
  /** Values of the `x-rate-limit-*` headers: those of the tightest rule by the minute. */
  readonly limit: string;
  readonly remaining: number;
  readonly resetsAt: number;
}

/**
 * Limits by the address of the caller, in windows that start with their first call. Refused calls do not count. All
 * callers of the simulator have one address.
 */
export class Throttle {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;
  readonly #switches: Switches;

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  /** Counts a call, unless a rule refuses it. Undefined if nothing is limited. */
  take(method: string, isTokenCall: boolean): Usage | undefined {
    const rules = this.#rulesFor(method, isTokenCall).filter(({ most }) => most !== Number.POSITIVE_INFINITY);
    const tightest = rules.filter(({ period }) => period === '1m').toSorted((a, b) => this.#left(a) - this.#left(b))[0];
    if (this.#switches.throttling === 'off' || tightest === undefined) return undefined;
    const refusing = rules.find((rule) => this.#left(rule) <= 0);
    if (refusing === undefined) for (const rule of rules) this.#windowOf(rule).count += 1;
    return {
      refusedBy: refusing && {
        period: refusing.period,
        secondsLeft: Math.ceil((this.#endOf(refusing) - this.#now()) / SECOND_MS),
      },
      limit: this.#switches.rateLimitHeader === 'period' ? tightest.period : String(tightest.most),
      remaining: Math.max(0, this.#left(tightest)),
      resetsAt: this.#endOf(tightest),
    };
  }

  #rulesFor(method: string, isTokenCall: boolean): readonly Rule[] {
    const { tokensPerMinute, callsPerMinute, readsPerMinute, writesPerMinute, writesPerSecond } = this.#switches;
    if (isTokenCall) return [{ name: 'token', period: '1m', most: tokensPerMinute }];
    const all: Rule = { name: 'all', period: '1m', most: callsPerMinute };
    if (method === 'GET') return [all, { name: 'GET', period: '1m', most: readsPerMinute }];
    return [
      all,
      { name: method, period: '1m', most: writesPerMinute },
      { name: method, period: '1s', most: writesPerSecond },
    ];
  }

  #left(rule: Rule): number {
    return rule.most - this.#windowOf(rule).count;
  }

  #endOf(rule: Rule): number {
    return this.#windowOf(rule).startedAt + lengthOf(rule);
  }

  #windowOf(rule: Rule): Window {
    const key = `${rule.name}/${rule.period}`;
    const now = this.#now();
    const current = this.#windows.get(key);
    if (current !== undefined && now < current.startedAt + lengthOf(rule)) return current;
    const started = { startedAt: now, count: 0 };
    this.#windows.set(key, started);
    return started;
  }
}

const lengthOf = ({ period }: Rule): number => (period === '1m' ? MINUTE_MS : SECOND_MS);
