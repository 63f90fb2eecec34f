import { parseInstant } from '#shared/domain/instant.ts';
import { type Labels, textOf } from '#shared/domain/item.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';

/** Decisions about the checkouts that are open in a vault, of all its users. Pure. */

const HOUR_MS = 3_600_000;

/** Maximum difference between the clocks of the vault and of a function. */
const MAX_SKEW_MS = 300_000;

/** An open checkout. */
export interface OpenCheckout {
  /** Key of its item. */
  readonly id: string;
  readonly labels: Labels;
  /** Start, UTC ISO 8601; of the last one, if it was opened again while it was open. */
  readonly since: string;
  /** Start of the first one. Absent if it was opened once. */
  readonly firstSince?: string | undefined;
  /** Number of other users who have the item checked out. */
  readonly others?: number | undefined;
  readonly inUse: boolean | 'unknown';
  /** Reason why the vault does not end it. */
  readonly refusal?: string | undefined;
  /** True if an earlier run could not end it. */
  readonly hasFailed?: boolean | undefined;
}

/** Conditions under which a rule ends checkouts. */
export interface ForceTerms {
  readonly olderThanHours: number;
  /** Patterns of groups. Absent: nothing is selected, unless `everything` is true. */
  readonly groups?: readonly string[] | undefined;
  readonly everything?: true | undefined;
  /** Maximum of one run. */
  readonly budget: number;
}

export interface ForceContext {
  /** Undefined if the rule ends no checkouts. */
  readonly terms: ForceTerms | undefined;
  /** Label with the group of an item; undefined if the source has no groups. */
  readonly groupLabel: string | undefined;
  /** Reasons why checkouts may be the relay's own, by the key of the item. */
  readonly claimed: ReadonlyMap<string, string>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** `reason`: why the checkout stays open. */
export type Decision = { readonly end: true } | { readonly end: false; readonly reason: string };

/** Age of a checkout in hours; undefined if its start cannot be read or is later than now. Pure. */
export const ageHours = (since: string, now: number): number | undefined => {
  const at = parseInstant(since, undefined);
  return at === undefined || at > now + MAX_SKEW_MS ? undefined : Math.max(0, now - at) / HOUR_MS;
};

/** The vault ends all checkouts of an item together. */
const SEVERAL = 'Several users have it checked out.';

/** An item without a group is in none. */
const isInGroup = (
  { groups = [], everything }: ForceTerms,
  groupLabel: string | undefined,
  labels: Labels,
): boolean => {
  if (everything === true) return true;
  const group = groupLabel === undefined ? '' : textOf(labels, groupLabel);
  return group !== '' && groups.some((pattern) => !pattern.startsWith('!')) && matchesGlobs(group, groups);
};

/**
 * Reason why a rule does not end a checkout; undefined if it may. Whatever is not known is a reason. The budget is not
 * among them. Pure.
 */
export const reasonToKeep = (
  { id, labels, since, inUse, refusal, others = 0 }: OpenCheckout,
  { terms, groupLabel, claimed, now }: ForceContext,
): string | undefined => {
  if (terms === undefined) return 'The rule only reports.';
  const own = claimed.get(id);
  if (own !== undefined) return own;
  const age = ageHours(since, now);
  if (age === undefined) return 'Its age is not known.';
  if (age < terms.olderThanHours) return `It began, or began again, less than ${terms.olderThanHours} hours ago.`;
  if (!isInGroup(terms, groupLabel, labels)) return 'Its group is not one whose checkouts the rule ends.';
  if (refusal !== undefined) return refusal;
  if (others > 0) return SEVERAL;
  if (inUse === 'unknown') return 'The vault does not show whether a session uses the credential.';
  return inUse ? 'A session uses the credential.' : undefined;
};

const OVER_BUDGET = 'The budget of this run is used up. The next run continues.';

/**
 * Decides about each checkout once, in the given order. If more may end than the budget allows, the oldest do; of
 * equally old ones, those that come first by their keys. Those that failed before come last, so that they do not keep
 * the others out for ever. Pure.
 */
export const decideAll = (checkouts: readonly OpenCheckout[], context: ForceContext): readonly Decision[] => {
  const { terms, now } = context;
  const counts = new Map<string, number>();
  for (const { id } of checkouts) counts.set(id, (counts.get(id) ?? 0) + 1);
  const reasons = checkouts.map(
    (checkout) => reasonToKeep(checkout, context) ?? (counts.get(checkout.id) === 1 ? undefined : SEVERAL),
  );
  const ageOf = (index: number): number => ageHours(checkouts[index]?.since ?? '', now) ?? 0;
  const idOf = (index: number): string => checkouts[index]?.id ?? '';
  const failedIn = (index: number): number => (checkouts[index]?.hasFailed === true ? 1 : 0);
  const ends = checkouts
    .map((_, index) => index)
    .filter((index) => reasons[index] === undefined)
    .toSorted(
      (one, other) =>
        failedIn(one) - failedIn(other) || ageOf(other) - ageOf(one) || (idOf(one) < idOf(other) ? -1 : 1),
    )
    .slice(0, terms?.budget ?? 0);
  const within = new Set(ends);
  return reasons.map((reason, index) =>
    within.has(index) ? { end: true } : { end: false, reason: reason ?? OVER_BUDGET },
  );
};

/** True if two looks at an item show the same checkout. Pure. */
export const isSameCheckout = (one: Pick<OpenCheckout, 'since'>, other: Pick<OpenCheckout, 'since'>): boolean => {
  const [first, second] = [one, other].map(({ since }) => parseInstant(since, undefined));
  return first !== undefined && first === second;
};

/** True if an open checkout, or an earlier one that it continues, is that of an earlier look. Pure. */
export const isStillOpen = (
  { since, firstSince = since }: Pick<OpenCheckout, 'since' | 'firstSince'>,
  earlier: Pick<OpenCheckout, 'since'>,
): boolean => {
  const [first, last] = [firstSince, earlier.since].map((at) => parseInstant(at, undefined));
  return first !== undefined && last !== undefined && first <= last;
};
