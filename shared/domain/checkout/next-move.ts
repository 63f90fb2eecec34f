/** How a checkout can end. `cancelled` was released before anything was delivered, `released` after. */
export const ENDINGS = ['completed', 'released', 'cancelled', 'denied', 'expired'] as const;
type Ending = (typeof ENDINGS)[number];

/** What a checkout is to do next; the workflow has a step for each. */
export const MOVES = ['wait', 'request', 'retrieve', 'checkin', 'report'] as const;

export interface Move {
  readonly next: (typeof MOVES)[number];
  /** Whole seconds; 0 unless `next` is `wait`. */
  readonly waitSeconds: number;
  /** Known from the moment on at which the checkout begins to close. */
  readonly ending?: Ending | undefined;
  /** True when the change after the check-in was waited for in vain. */
  readonly unconfirmed?: boolean | undefined;
}

/** All that decides what a checkout does next. Every time is in epoch milliseconds. */
export interface Course {
  readonly now: number;
  readonly plan: {
    /** Not before this. */
    readonly from: number;
    /** How long from the delivery on, or until when. */
    readonly window: { readonly minutes: number } | { readonly until: number };
    /** How far beyond what was asked for first a window may be extended. */
    readonly longestExtensionMs: number;
    /** Neither an approval nor the end of somebody else's checkout is waited for beyond this, or beyond the window. */
    readonly patienceEndsAt: number;
    /** False where reading needs no lease, and so no approval. */
    readonly needsLease: boolean;
    /** How long to look for the change after the check-in; 0 when none is expected. */
    readonly confirmMs: number;
  };
  readonly notes: { readonly released: boolean; readonly extendedUntil?: number | undefined };
  /** The last attempt to open requests. */
  readonly requested?: { readonly at: number; readonly conflict: boolean; readonly leases: readonly LeaseState[] };
  /** `gone` when a request ended while it was being read, maybe after others were delivered; `late` when the window did. */
  readonly retrieved?: {
    readonly at: number;
    readonly delivered: number;
    readonly gone: boolean;
    readonly late?: boolean | undefined;
  };
  readonly checkedIn?: { readonly at: number };
  /** How many secrets were taken back: of a release that is all it knows about what was delivered. */
  readonly retired?: number | undefined;
  /** True when the vault shows that every credential has changed since its delivery. */
  readonly changed?: boolean;
  /** What an earlier move said. */
  readonly ending?: Ending | undefined;
}

export interface LeaseState {
  readonly status: 'pending' | 'active' | 'gone';
  /** When the vault itself ends it, if it says so. */
  readonly endsAt?: number | undefined;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const SHORTEST_LOOK_MS = 30 * SECOND_MS;
const LONGEST_LOOK_MS = 60 * MINUTE_MS;
/** So that a window of 180 days has room in the history of its execution. */
const MAX_LOOKS = 100;
/** So an answer is noticed after a twentieth of the time that it took. */
const PATIENCE_GROWS_BY = 20;

const wait = (ms: number, more: Pick<Move, 'ending'> = {}): Move => ({
  next: 'wait',
  waitSeconds: Math.max(1, Math.ceil(ms / SECOND_MS)),
  ...more,
});
const go = (next: Exclude<Move['next'], 'wait'>, ending?: Ending): Move => ({
  next,
  waitSeconds: 0,
  ...(ending !== undefined && { ending }),
});

/** How long until the next look at something that has been waited for since `since`: the longer, the longer. */
export const untilNextLook = (since: number, now: number): number =>
  Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, (now - since) / PATIENCE_GROWS_BY));

/** How long until the next look while leases are open. A release closes them itself; where it failed, the look finds its note. */
const untilNoteIsFound = (wholeMs: number): number => Math.max(LONGEST_LOOK_MS, wholeMs / MAX_LOOKS);

/**
 * What a checkout does next. It follows from what is known alone, so that a step that died and is repeated decides the
 * same, and a release that others noted overrules everything that is not closed yet.
 */
export const nextMove = (course: Course): Move => {
  if (course.checkedIn !== undefined) return confirm(course, course.checkedIn.at);
  if (course.notes.released) return go('checkin', wasHandedOut(course) ? 'released' : 'cancelled');
  if (course.retrieved !== undefined) return hold(course, course.retrieved);
  return open(course);
};

/** Only what somebody may have seen has to change. */
export const wasHandedOut = ({
  retrieved,
  retired = 0,
}: {
  readonly retrieved?: { readonly delivered: number } | undefined;
  readonly retired?: number | undefined;
}): boolean => (retrieved?.delivered ?? 0) > 0 || retired > 0;

const open = ({ now, plan, notes, requested }: Course): Move => {
  if ('until' in plan.window && now >= windowEnd(plan, now, notes.extendedUntil, [])) return go('checkin', 'expired');
  if (now < plan.from) return wait(plan.from - now);
  if (!plan.needsLease) return go('retrieve');
  if (requested === undefined) return go('request');

  const gone = requested.leases.find(({ status }) => status === 'gone');
  if (gone !== undefined) return go('checkin', now >= (gone.endsAt ?? Number.POSITIVE_INFINITY) ? 'expired' : 'denied');
  const isPending = requested.leases.some(({ status }) => status === 'pending');
  if (!isPending && !requested.conflict) return go('retrieve');
  if (now >= plan.patienceEndsAt) return go('checkin', 'expired');

  const patience = plan.patienceEndsAt - now;
  if (!requested.conflict) return wait(Math.min(untilNextLook(plan.from, now), patience));
  // An approval is only looked for, but in somebody else's way one has to ask again: twice the steps, so half as often.
  const askAgainAt = requested.at + 2 * untilNextLook(plan.from, requested.at);
  return now >= askAgainAt
    ? go('request')
    : wait(Math.min(askAgainAt - now, patience, untilNoteIsFound(plan.patienceEndsAt - plan.from)));
};

const hold = ({ now, plan, notes, requested }: Course, retrieved: NonNullable<Course['retrieved']>): Move => {
  if (retrieved.gone) return go('checkin', 'denied');
  if (retrieved.late === true) return go('checkin', retrieved.delivered > 0 ? 'completed' : 'expired');
  const leases = requested?.leases ?? [];
  const endsAt = windowEnd(plan, retrieved.at, notes.extendedUntil, leases);
  if (now >= endsAt) return go('checkin', 'completed');
  if (leases.some(({ status }) => status === 'gone')) return go('checkin', 'denied');
  return wait(Math.min(endsAt - now, untilNoteIsFound(endsAt - retrieved.at)));
};

/**
 * An extension can make a window longer, as far as the rule allows, and never shorter; beyond what the vault granted
 * there is nothing to hold.
 */
export const windowEnd = (
  { window, longestExtensionMs }: Pick<Course['plan'], 'window' | 'longestExtensionMs'>,
  deliveredAt: number,
  extendedUntil: number | undefined,
  leases: readonly LeaseState[],
): number => {
  const asked = 'until' in window ? window.until : deliveredAt + window.minutes * MINUTE_MS;
  const extended = Math.min(extendedUntil ?? asked, asked + longestExtensionMs);
  const granted = leases.map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY);
  return Math.min(Math.max(asked, extended), ...granted);
};

const confirm = (course: Course, checkedInAt: number): Move => {
  const { now, plan, changed } = course;
  const isOut = wasHandedOut(course);
  // A release was told nothing of how the checkout stood; and an attempt to deliver that died may have done so.
  const asReleased = isOut ? 'released' : 'cancelled';
  const known = course.ending === 'expired' && isOut ? 'completed' : course.ending;
  const ending = known === 'cancelled' ? asReleased : (known ?? asReleased);
  if (!isOut || plan.confirmMs === 0 || changed === true) return go('report', ending);
  const left = checkedInAt + plan.confirmMs - now;
  if (left <= 0) return { ...go('report', ending), unconfirmed: true };
  return wait(Math.min(untilNextLook(checkedInAt, now), left), { ending });
};
