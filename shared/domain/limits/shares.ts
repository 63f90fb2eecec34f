/**
 * Division of a connection's limits into shares. Each process holds one share while it calls the vault. All shares are
 * in one record, which processes change by compare-and-swap, so the shares of all processes never exceed the limits.
 * Pure. Times are epoch milliseconds.
 */

/** Limits on calls: the number in flight, and the number in any second. Both are at least 1. */
export interface Limit {
  readonly inFlight: number;
  readonly perSecond: number;
}

/** Part of a limit, held by one process until a time. */
export interface Share extends Limit {
  readonly holder: string;
  readonly untilMs: number;
}

export interface Shares {
  readonly shares: readonly Share[];
  /** Ends of calls under shares that were released within the last second. Later shares count them as their own. */
  readonly ended: readonly number[];
}

export const SECOND_MS = 1000;

/** Maximum difference between the clocks of two functions. */
export const MAX_SKEW_MS = 250;

export const NO_SHARES: Shares = { shares: [], ended: [] };

/** No share lasts longer. One that would was written by a function with a wrong clock. */
const MAX_SHARE_MS = 20 * 60_000;

/** Removes expired shares, and calls that ended more than a second ago by any clock. */
const prune = ({ shares, ended }: Shares, nowMs: number): Shares => ({
  shares: shares.filter(({ untilMs }) => untilMs > nowMs && untilMs <= nowMs + MAX_SHARE_MS),
  ended: ended.filter((endMs) => endMs > nowMs - SECOND_MS - MAX_SKEW_MS && endMs <= nowMs + SECOND_MS),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** True if the first limit allows less than the second. */
export const isLess = (one: Limit, other: Limit): boolean =>
  one.inFlight < other.inFlight || one.perSecond < other.perSecond;

/** The part of a limit that no share holds. Can be negative after a deployment that lowered the limit. */
const restOf = (limit: Limit, shares: readonly Share[]): Limit => ({
  inFlight: limit.inFlight - sum(shares.map(({ inFlight }) => inFlight)),
  perSecond: limit.perSecond - sum(shares.map(({ perSecond }) => perSecond)),
});

interface Claim {
  readonly holder: string;
  readonly nowMs: number;
  /** End of the share. */
  readonly untilMs: number;
}

/** A share, the state that contains it, and the ends of calls that it counts as its own. */
interface Claimed {
  readonly next: Shares;
  readonly share: Share;
  readonly inherited: readonly number[];
}

/**
 * Claims a share for a holder: at most `wanted`, and no more than is left. Every claim counts the calls that ended
 * recently as its own. Undefined if nothing is left. Repeatable: a second claim of the same holder replaces the first.
 */
export const claimShare = (
  current: Shares,
  limit: Limit,
  wanted: Limit,
  { holder, nowMs, untilMs }: Claim,
): Claimed | undefined => {
  const { shares, ended } = prune(current, nowMs);
  const others = shares.filter((share) => share.holder !== holder);
  const rest = restOf(limit, others);
  if (rest.inFlight < 1 || rest.perSecond < 1) return undefined;
  const share: Share = {
    holder,
    inFlight: Math.min(wanted.inFlight, rest.inFlight),
    perSecond: Math.min(wanted.perSecond, rest.perSecond),
    untilMs,
  };
  return { next: { shares: [...others, share], ended }, share, inherited: ended };
};

/**
 * Extends a share, and enlarges it by what is left of `wanted`. An enlarged share counts the calls that ended recently
 * as its own, like a claimed one. Undefined if its holder lost it, because it expired and the capacity may be in use
 * elsewhere.
 */
export const renewShare = (
  current: Shares,
  limit: Limit,
  wanted: Limit,
  { holder, nowMs, untilMs }: Claim,
): Claimed | undefined => {
  const held = current.shares.find((share) => share.holder === holder);
  if (held === undefined) return undefined;
  const { shares, ended } = prune(current, nowMs);
  const rest = restOf(limit, [...shares.filter((share) => share.holder !== holder), held]);
  const enlarged = (one: keyof Limit): number => held[one] + Math.max(0, Math.min(wanted[one] - held[one], rest[one]));
  const share: Share = { holder, inFlight: enlarged('inFlight'), perSecond: enlarged('perSecond'), untilMs };
  return {
    next: { ...current, shares: current.shares.map((one) => (one === held ? share : one)) },
    share,
    inherited: isLess(held, share) ? ended : [],
  };
};

/** Returns a share, and leaves the ends of its recent calls to the next one. No-op for a share that was lost. */
export const releaseShare = (
  current: Shares,
  holder: string,
  ended: readonly number[],
  nowMs: number,
): Shares | undefined => {
  const { shares, ended: earlier } = prune(current, nowMs);
  if (!shares.some((share) => share.holder === holder)) return undefined;
  const mine = ended.filter((endMs) => endMs > nowMs - SECOND_MS - MAX_SKEW_MS);
  return { shares: shares.filter((share) => share.holder !== holder), ended: [...earlier, ...mine] };
};

/** Share of a limit for one of several concurrent callers. */
export const partOf = ({ inFlight, perSecond }: Limit, callers: number): Limit => ({
  inFlight: Math.max(1, Math.floor(inFlight / callers)),
  perSecond: Math.max(1, Math.floor(perSecond / callers)),
});
