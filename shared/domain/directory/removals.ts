import type { Budget } from '#shared/domain/directory/state.ts';

/** Limits of the removals of one day (UTC). */
export interface RemovalLimits {
  readonly maxPerDay: number;
  /** Part of the members that the relay owns. */
  readonly maxPercent: number;
}

/** Removals that may begin on one day: within count and percentage, but at least one if both allow any. Pure. */
export const dailyLimit = ({ maxPerDay, maxPercent }: RemovalLimits, owned: number): number =>
  maxPercent === 0 ? 0 : Math.min(maxPerDay, Math.max(1, Math.floor((owned * maxPercent) / 100)));

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

const begunOn = (budget: Budget | undefined, day: string): Readonly<Record<string, string>> =>
  budget?.day === day ? budget.begun : {};

/**
 * Returns the budget after these removals; undefined if they exceed the limit, and none of them may begin. A removal
 * that has begun today counts once, however often it is asked for. Pure.
 */
export const spend = (
  budget: Budget | undefined,
  {
    ids,
    by,
    limit,
    limitOfSender = limit,
    now,
  }: {
    readonly ids: readonly string[];
    readonly by: string;
    readonly limit: number;
    /** Limit of those that `by` has begun. Default: the same. */
    readonly limitOfSender?: number;
    readonly now: number;
  },
): Budget | undefined => {
  const day = dayOf(now);
  const begun = begunOn(budget, day);
  const fresh = ids.filter((id) => !Object.hasOwn(begun, id));
  const ofSender = Object.values(begun).filter((one) => one === by).length;
  if (fresh.length > 0 && Object.keys(begun).length + fresh.length > limit) return undefined;
  if (fresh.length > 0 && ofSender + fresh.length > limitOfSender) return undefined;
  return { day, begun: { ...begun, ...Object.fromEntries(fresh.map((id) => [id, by])) } };
};
