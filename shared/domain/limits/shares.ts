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
  /** Ends of calls under earlier shares that this one counts as its own. */
  readonly inherited: readonly number[];
}

export interface Shares {
  readonly shares: readonly Share[];
  /** Ends of calls under shares that were released within the last second. They use up what no share holds. */
  readonly ended: readonly number[];
  /** End of a wait that the server asked for. No share is claimed or renewed before it. */
  readonly pausedUntilMs?: number | undefined;
}

export const SECOND_MS = 1000;

/** Maximum difference between the clocks of two functions. */
export const MAX_SKEW_MS = 250;

export const NO_SHARES: Shares = { shares: [], ended: [] };

/** No share lasts longer. One that would was written by a function with a wrong clock. */
const MAX_SHARE_MS = 20 * 60_000;

/** No wait lasts longer, whatever the server asks for: one wrong answer must not keep leases open for a day. */
const MAX_PAUSE_MS = 3_600_000;

/** End of the wait that the server asked for; undefined if there is none. One that is too far off came from a clock. */
export const pausedUntil = ({ pausedUntilMs }: Shares, nowMs: number): number | undefined =>
  pausedUntilMs !== undefined && pausedUntilMs > nowMs && pausedUntilMs <= nowMs + MAX_PAUSE_MS + MAX_SKEW_MS
    ? pausedUntilMs
    : undefined;

/** Records a wait that the server asked for. The end of a longer one stays. */
export const pause = (current: Shares, waitMs: number, nowMs: number): Shares & { readonly pausedUntilMs: number } => ({
  ...prune(current, nowMs),
  pausedUntilMs: Math.max(pausedUntil(current, nowMs) ?? 0, nowMs + Math.min(waitMs, MAX_PAUSE_MS)),
});

/** Removes expired shares, and calls that ended more than a second ago by any clock. */
const prune = ({ shares, ended, pausedUntilMs }: Shares, nowMs: number): Shares => ({
  ...(pausedUntilMs !== undefined && { pausedUntilMs }),
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

/** A share, and the state that contains it. */
interface Claimed {
  readonly next: Shares;
  readonly share: Share;
}

/**
 * Claims a share for a holder: at most `wanted`, and no more than is left. Calls that ended recently count against what
 * no share holds. If that is too little for them, the share counts the oldest of them as its own. Undefined if nothing
 * is left, or during a wait that the server asked for. Repeatable: a second claim of the same holder replaces the
 * first.
 */
export const claimShare = (
  current: Shares,
  limit: Limit,
  wanted: Limit,
  { holder, nowMs, untilMs }: Claim,
): Claimed | undefined => {
  if (pausedUntil(current, nowMs) !== undefined) return undefined;
  const { shares, ended: recent } = prune(current, nowMs);
  const others = shares.filter((share) => share.holder !== holder);
  const before = shares.find((share) => share.holder === holder);
  const ended = [...recent, ...(before?.inherited ?? [])].sort((one, other) => one - other);
  const rest = restOf(limit, others);
  if (rest.inFlight < 1 || rest.perSecond < 1) return undefined;
  const perSecond = Math.min(wanted.perSecond, rest.perSecond);
  const inherited = Math.max(0, ended.length - (rest.perSecond - perSecond));
  const share: Share = {
    holder,
    inFlight: Math.min(wanted.inFlight, rest.inFlight),
    perSecond,
    untilMs,
    inherited: ended.slice(0, inherited),
  };
  return { next: { shares: [...others, share], ended: ended.slice(inherited) }, share };
};

/**
 * Extends a share, and enlarges it by what is left of `wanted`. Undefined if its holder lost it, because it expired and
 * the capacity may be in use elsewhere, or because the server asked for a wait.
 */
export const renewShare = (
  current: Shares,
  limit: Limit,
  wanted: Limit,
  { holder, nowMs, untilMs }: Claim,
): Claimed | undefined => {
  const held = current.shares.find((share) => share.holder === holder);
  if (held === undefined || pausedUntil(current, nowMs) !== undefined) return undefined;
  const { shares, ended } = prune(current, nowMs);
  const others = shares.filter((share) => share.holder !== holder);
  const rest = restOf(limit, [...others, held]);
  const share: Share = {
    holder,
    inFlight: enlarge(held.inFlight, wanted.inFlight, rest.inFlight),
    perSecond: enlarge(held.perSecond, wanted.perSecond, rest.perSecond - ended.length),
    untilMs,
    inherited: [],
  };
  // Without the expired shares: their holders must not renew what this share can have taken.
  return { next: { shares: [...others, share], ended }, share };
};

const enlarge = (held: number, wanted: number, rest: number): number =>
  held + Math.max(0, Math.min(wanted - held, rest));

/** Returns a share, and leaves the ends of its recent calls to the next one. No-op for a share that was lost. */
export const releaseShare = (
  current: Shares,
  holder: string,
  ended: readonly number[],
  nowMs: number,
): Shares | undefined => {
  const { shares, ended: earlier, ...rest } = prune(current, nowMs);
  if (!shares.some((share) => share.holder === holder)) return undefined;
  const mine = ended.filter((endMs) => endMs > nowMs - SECOND_MS - MAX_SKEW_MS);
  return { ...rest, shares: shares.filter((share) => share.holder !== holder), ended: [...earlier, ...mine] };
};

/** Share of a limit for one of several concurrent callers. */
export const partOf = ({ inFlight, perSecond }: Limit, callers: number): Limit => ({
  inFlight: Math.max(1, Math.floor(inFlight / callers)),
  perSecond: Math.max(1, Math.floor(perSecond / callers)),
});
