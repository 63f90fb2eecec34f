import { endWith, type SetEnds } from '#shared/domain/checkout/window.ts';

/** Endings of a checkout. `cancelled`: released before anything was delivered; `released`: released after. */
export const ENDINGS = ['completed', 'released', 'cancelled', 'denied', 'expired'] as const;
type Ending = (typeof ENDINGS)[number];

/** Next actions of a checkout. The workflow has a step for each. */
export const ACTIONS = ['wait', 'request', 'retrieve', 'checkin', 'report'] as const;

export interface Action {
  readonly next: (typeof ACTIONS)[number];
  /** Whole seconds; 0 unless `next` is `wait`. */
  readonly waitSeconds: number;
  /** Set as soon as the checkout begins to close. */
  readonly ending?: Ending | undefined;
  /** True if the change after the check-in was seen. */
  readonly confirmed?: boolean | undefined;
  /** True if the change after the check-in was not seen in time. */
  readonly unconfirmed?: boolean | undefined;
}

/** All facts that determine the next action of a checkout. All times are in epoch milliseconds. */
export interface CheckoutState {
  readonly now: number;
  readonly plan: {
    /** Earliest start. */
    readonly from: number;
    /** Minutes after the delivery, or an end time. */
    readonly window: { readonly minutes: number } | { readonly until: number };
    /** Longest extension of the window, measured from the end that was first requested. */
    readonly maxExtensionMs: number;
    /**
     * Latest time to wait for an approval or for the end of a conflicting lease. The end of the window also limits it.
     */
    readonly waitEndsAt: number;
    /** False if reading needs no lease and therefore no approval. */
    readonly needsLease: boolean;
    /** Longest wait for the change after the check-in; 0 if none is expected. */
    readonly confirmMs: number;
  };
  /** `closing`: another execution has begun to close the checkout. */
  readonly signals: SetEnds & { readonly released: boolean; readonly closing?: boolean };
  /** The last attempt to open requests. */
  readonly requested?: { readonly at: number; readonly conflict: boolean; readonly leases: readonly LeaseState[] };
  /**
   * `gone`: a lease ended while its item was being read, possibly after other items were delivered. `late`: the window
   * ended before all items were delivered. `conflict`: another user has an item, so nothing was delivered.
   */
  readonly retrieved?: {
    readonly at: number;
    readonly delivered: number;
    readonly gone: boolean;
    readonly late?: boolean | undefined;
    readonly conflict?: boolean | undefined;
  };
  readonly checkedIn?: { readonly at: number };
  /** Number of retired secrets. A release has no other evidence of the deliveries. */
  readonly retired?: number | undefined;
  /** True if the vault shows that every credential has changed since its delivery. */
  readonly changed?: boolean;
  /** Ending that an earlier action has set. */
  readonly ending?: Ending | undefined;
}

export interface LeaseState {
  readonly status: 'pending' | 'active' | 'gone';
  /** Time at which the vault ends the lease, if known. */
  readonly endsAt?: number | undefined;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Shortest time between two looks at the vault. */
export const MIN_LOOK_MS = 30 * SECOND_MS;
const MAX_LOOK_MS = 60 * MINUTE_MS;
/** Keeps the execution history of a window of 180 days within its limit. */
const MAX_LOOKS = 100;
/** An answer is noticed with a delay of at most a twentieth of the time that it took. */
const WAIT_PER_LOOK = 20;

const wait = (ms: number, more: Pick<Action, 'ending'> = {}): Action => ({
  next: 'wait',
  waitSeconds: Math.max(1, Math.ceil(ms / SECOND_MS)),
  ...more,
});
const go = (next: Exclude<Action['next'], 'wait'>, ending?: Ending): Action => ({
  next,
  waitSeconds: 0,
  ...(ending !== undefined && { ending }),
});

/** Delay until the next look during a wait that began at `since`. It grows with the length of the wait. */
export const nextLookDelayMs = (since: number, now: number): number =>
  Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, (now - since) / WAIT_PER_LOOK));

/** Delay until the next look while leases are open. A release closes them; if it failed, the look finds its signal. */
const signalLookDelayMs = (wholeMs: number): number => Math.max(MAX_LOOK_MS, wholeMs / MAX_LOOKS);

/**
 * Decides the next action of a checkout from its state alone, so a repeated step makes the same decision. A release
 * signal takes precedence until everything is checked in.
 */
export const nextAction = (state: CheckoutState): Action => {
  if (state.checkedIn !== undefined) return confirm(state, state.checkedIn.at);
  if (state.signals.released) return go('checkin', wasDelivered(state) ? 'released' : 'cancelled');
  if (state.signals.closing === true) return go('checkin', endingOfClosed(state));
  if (state.retrieved !== undefined && state.retrieved.conflict !== true) return hold(state, state.retrieved);
  return open(state);
};

/** Ending of a checkout that another execution closes: at the end of its window, or because of a release by hand. */
const endingOfClosed = (state: CheckoutState): Ending => {
  if (!wasDelivered(state)) return 'cancelled';
  const { now, plan, signals, requested, retrieved } = state;
  const end = windowEnd(plan, retrieved?.at ?? plan.from, signals, requested?.leases ?? []);
  return now >= end ? 'completed' : 'released';
};

/** True if a secret was delivered. Only a credential that someone could have seen has to change. */
export const wasDelivered = ({
  retrieved,
  retired = 0,
}: {
  readonly retrieved?: { readonly delivered: number } | undefined;
  readonly retired?: number | undefined;
}): boolean => (retrieved?.delivered ?? 0) > 0 || retired > 0;

const open = ({ now, plan, signals, requested, retrieved }: CheckoutState): Action => {
  const endsAt =
    'until' in plan.window ? windowEnd(plan, now, signals, []) : (signals.endsAt ?? Number.POSITIVE_INFINITY);
  if (now >= endsAt) return go('checkin', 'expired');
  if (now < plan.from) return wait(plan.from - now);
  if (!plan.needsLease) return go('retrieve');
  if (requested === undefined) return go('request');

  const gone = requested.leases.find(({ status }) => status === 'gone');
  if (gone !== undefined) return go('checkin', now >= (gone.endsAt ?? Number.POSITIVE_INFINITY) ? 'expired' : 'denied');
  const isPending = requested.leases.some(({ status }) => status === 'pending');
  const conflictAt = lastConflict(requested, retrieved);
  if (!isPending && conflictAt === undefined) return go('retrieve');
  if (now >= plan.waitEndsAt) return go('checkin', 'expired');

  const patience = plan.waitEndsAt - now;
  if (conflictAt === undefined) return wait(Math.min(nextLookDelayMs(plan.from, now), patience));
  // A pending approval needs only a look. A conflict needs a new request, which takes twice as many steps, so it is
  // made half as often.
  const nextRequestAt = conflictAt + 2 * nextLookDelayMs(plan.from, conflictAt);
  return now >= nextRequestAt
    ? go('request')
    : wait(Math.min(nextRequestAt - now, patience, signalLookDelayMs(plan.waitEndsAt - plan.from)));
};

/** Time of the last attempt if it found an item in use, by its request or by a read that followed the request. */
const lastConflict = (
  { at, conflict }: NonNullable<CheckoutState['requested']>,
  retrieved: CheckoutState['retrieved'],
): number | undefined => {
  if (conflict) return at;
  return retrieved?.conflict === true && retrieved.at >= at ? retrieved.at : undefined;
};

const hold = (
  { now, plan, signals, requested }: CheckoutState,
  retrieved: NonNullable<CheckoutState['retrieved']>,
): Action => {
  if (retrieved.gone) return go('checkin', 'denied');
  if (retrieved.late === true) return go('checkin', retrieved.delivered > 0 ? 'completed' : 'expired');
  const leases = requested?.leases ?? [];
  const endsAt = windowEnd(plan, retrieved.at, signals, leases);
  if (now >= endsAt) return go('checkin', 'completed');
  if (leases.some(({ status }) => status === 'gone')) return go('checkin', 'denied');
  return wait(Math.min(endsAt - now, signalLookDelayMs(endsAt - retrieved.at)));
};

/**
 * End of a window, with the ends that messages have set. The end of the leases that the vault granted also limits it.
 */
export const windowEnd = (
  { window, maxExtensionMs }: Pick<CheckoutState['plan'], 'window' | 'maxExtensionMs'>,
  deliveredAt: number,
  ends: SetEnds,
  leases: readonly LeaseState[],
): number => {
  const asked = 'until' in window ? window.until : deliveredAt + window.minutes * MINUTE_MS;
  const granted = leases.map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY);
  return Math.min(endWith(asked, ends, maxExtensionMs), ...granted);
};

const confirm = (state: CheckoutState, checkedInAt: number): Action => {
  const { now, plan, changed } = state;
  const isDelivered = wasDelivered(state);
  // A release lacks the state of the checkout, and a failed attempt to deliver may still have delivered something.
  const asReleased = isDelivered ? 'released' : 'cancelled';
  const known = state.ending === 'expired' && isDelivered ? 'completed' : state.ending;
  const ending = known === 'cancelled' ? asReleased : (known ?? asReleased);
  if (!isDelivered || plan.confirmMs === 0) return go('report', ending);
  if (changed === true) return { ...go('report', ending), confirmed: true };
  const left = checkedInAt + plan.confirmMs - now;
  if (left <= 0) return { ...go('report', ending), unconfirmed: true };
  return wait(Math.min(nextLookDelayMs(checkedInAt, now), left), { ending });
};
