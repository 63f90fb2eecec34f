import pMap from 'p-map';
import type { OldCheckoutsConfig } from '#shared/config/schema.ts';
import type { AllLeases, OpenLease, UnknownLease } from '#shared/connections/all-leases.ts';
import { itemKey, type Labels, textOf } from '#shared/domain/item.ts';
import { ageHours, decideAll, type OpenCheckout, reasonToKeep } from '#shared/domain/old-checkouts/decide.ts';
import { isSelected, type Patterns } from '#shared/domain/selection.ts';
import type { OwnClaims } from '#shared/leases/own-claims.ts';
import type { OldCheckoutRow } from '#shared/records/old-checkouts-record.ts';
import { type EndContext, type Ended, endCheckout } from './end-checkout.ts';
import type { Ledger } from './ledger.ts';
import { findLeftovers } from './leftovers.ts';
import type { RotateAfter } from './rotate-after.ts';

export interface LookContext {
  readonly rule: OldCheckoutsConfig;
  readonly run: string;
  readonly leases: AllLeases;
  /** Undefined if the rule only reports. */
  readonly ledger: Ledger | undefined;
  readonly patterns: Patterns;
  readonly groupLabel: string | undefined;
  readonly ownClaims: OwnClaims;
  readonly rotateAfter: RotateAfter | undefined;
  readonly remainingMs: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A line of the report. */
export interface Row {
  /** Key of the item; its title if the vault does not identify it. */
  readonly key: string;
  readonly row: OldCheckoutRow;
}

export interface Looked {
  readonly rows: readonly Row[];
  /** Keys of items for which the vault's answer is still missing. The next run asks again. */
  readonly left: ReadonlySet<string>;
}

const HOUR_MS = 3_600_000;

/** Time that a run needs to end one checkout and to write its report. */
const MIN_REMAINING_MS = 120_000;

const MAX_CONCURRENCY = 16;

/** Finds the old checkouts that the rule selects, and ends those that may end. */
export const look = async (context: LookContext): Promise<Looked> => {
  const { rule, ledger, leases, patterns, now } = context;
  const before = new Date(now() - rule.olderThanHours * HOUR_MS).toISOString();
  const leftovers = ledger === undefined ? [] : await findLeftovers(endContext(context, ledger));
  const found = await leases.openedBefore(before);
  const isOld = ({ since, firstSince = since }: OpenLease): boolean =>
    (ageHours(firstSince, now()) ?? rule.olderThanHours) >= rule.olderThanHours;
  const open = found.open.filter((lease) => isSelected(patterns, lease.item.labels) && isOld(lease));
  const unknown = found.unknown.filter(({ labels }) => labels === undefined || isSelected(patterns, labels));
  const pending = leftovers.filter((one) => one.ended.isOutOfReach).map(({ ending }) => itemKey(ending.item.ref));
  // A repeated run has the budget that its earlier attempt left.
  const spent = leftovers.filter(({ ending }) => ending.run === context.run).length;
  const ended = await decideAndEnd(open, { pending, spent }, context);
  const rowOf = (lease: Pick<OpenLease, 'item' | 'since' | 'firstSince' | 'holder'>, outcome: Ended): Row =>
    toRow(lease, outcome, context);
  return {
    rows: [
      ...leftovers.map(({ ending, ended: outcome }) => rowOf(ending, outcome)),
      ...open.map((lease, index) => rowOf(lease, ended[index] ?? OUT_OF_REACH)),
      ...unknown.map((lease) => unknownRow(lease, context)),
    ],
    left: new Set([
      ...pending,
      ...open.filter((_, index) => ended[index]?.outcome === 'unclear').map(({ item }) => itemKey(item.ref)),
    ]),
  };
};

const endContext = ({ rule, ...context }: LookContext, ledger: Ledger): EndContext => ({
  ...context,
  ledger,
  terms: rule.forceCheckIn,
});

const toCheckout = (
  { item: { ref, labels }, since, others, inUse, refusal }: OpenLease,
  told: Readonly<Record<string, string>> = {},
): OpenCheckout => ({
  ...{ id: itemKey(ref), labels, since, inUse },
  ...{ others, refusal },
  hasFailed: told[itemKey(ref)] === since,
});

/** The claims are read only for checkouts that would end without one. */
const findClaimed = async (
  checkouts: readonly OpenLease[],
  isCandidate: (checkout: OpenCheckout) => boolean,
  ownClaims: OwnClaims,
): Promise<ReadonlyMap<string, string>> => {
  const candidates = checkouts.filter((lease) => isCandidate(toCheckout(lease)));
  const claims = await pMap(
    candidates,
    async ({ item: { ref } }) => [itemKey(ref), await ownClaims.find(ref)] as const,
    {
      concurrency: MAX_CONCURRENCY,
    },
  );
  return new Map(claims.flatMap(([key, claim]) => (claim === undefined ? [] : [[key, claim] as const])));
};

const OUT_OF_REACH: Ended = { outcome: 'open', reason: 'The vault did not answer before. The next run continues.' };
const NO_TIME: Ended = { outcome: 'open', reason: 'The run had no time left. The next one continues.' };

/** Results in the order of the checkouts. */
const decideAndEnd = async (
  open: readonly OpenLease[],
  { pending, spent }: { readonly pending: readonly string[]; readonly spent: number },
  context: LookContext,
): Promise<readonly Ended[]> => {
  const { rule, ledger, groupLabel, ownClaims, remainingMs, now } = context;
  const { forceCheckIn } = rule;
  const terms = forceCheckIn && { ...forceCheckIn, budget: Math.max(0, forceCheckIn.budget - spent) };
  const asked = new Map(pending.map((key) => [key, 'An earlier run may have ended it.']));
  const force = { terms, groupLabel, claimed: asked, now: now() };
  const claimed = await findClaimed(open, (one) => reasonToKeep(one, force) === undefined, ownClaims);
  const checkouts = open.map((lease) => toCheckout(lease, ledger?.found.told));
  const decisions = decideAll(checkouts, { ...force, claimed: new Map([...asked, ...claimed]) });
  const ended: Ended[] = [];
  let isOutOfReach = false;
  for (const [index, lease] of open.entries()) {
    const decision = decisions[index];
    if (ledger === undefined || decision?.end !== true) {
      ended.push({ outcome: 'open', reason: decision?.end === false ? decision.reason : '' });
    } else if (isOutOfReach) ended.push(OUT_OF_REACH);
    else if (remainingMs() < MIN_REMAINING_MS) ended.push(NO_TIME);
    else {
      const one = await endCheckout(lease, endContext(context, ledger));
      isOutOfReach = one.isOutOfReach === true;
      ended.push(one);
    }
  }
  return ended;
};

const groupIn = (labels: Labels, groupLabel: string | undefined): { group?: string } => {
  const group = groupLabel === undefined ? '' : textOf(labels, groupLabel);
  return group === '' ? {} : { group };
};

const toRow = (
  { item, since: last, firstSince: since = last, holder }: Pick<OpenLease, 'item' | 'since' | 'firstSince' | 'holder'>,
  { outcome, reason, rotation }: Ended,
  { groupLabel, now }: LookContext,
): Row => {
  const hours = ageHours(since, now());
  const row = {
    ...{ title: item.title, outcome, reason, since },
    ...groupIn(item.labels, groupLabel),
    ...(hours !== undefined && { hours: Math.floor(hours) }),
    ...(holder !== undefined && { holder }),
    ...(rotation !== undefined && { rotation }),
  };
  return { key: itemKey(item.ref), row };
};

const unknownRow = ({ title, labels = {}, reason }: UnknownLease, { groupLabel }: LookContext): Row => ({
  key: title,
  row: { title, outcome: 'unknown', reason, ...groupIn(labels, groupLabel) },
});
