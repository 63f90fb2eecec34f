import type { SetEnds } from '#shared/domain/checkout/window.ts';
import type { Run } from '#shared/workflows/run.ts';

/**
 * Signals to a running checkout, and from it to the step that closes it: empty objects in the records bucket. The keys
 * contain all of the information.
 *
 *     checkouts/<rule>/<run>/released                    released by a message
 *     checkouts/<rule>/<run>/closing                     the delivered secrets are being retired
 *     checkouts/<rule>/<run>/extended-<epoch ms>         extended until this time
 *     checkouts/<rule>/<run>/ends-<position>-<epoch ms>  ends at this time
 *     checkouts/<rule>/<run>/session-<id>                the checkout has opened this target session
 *
 * A repeated signal has no effect, and signals can arrive in any order: the end with the highest position applies, or
 * without one the latest extension, and a release overrides all of them. No signal contains a credential.
 */
const RELEASED = 'released';
const CLOSING = 'closing';
const EXTENDED = /^extended-(0|[1-9]\d{0,15})$/;
const ENDS = /^ends-(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/;
/** Object beside the signals of a checkout that is closed. */
const REPORT = 'report.json';
const SESSION = /^session-([\w.-]{1,200})$/;

type RunPlace = Pick<Run, 'rule' | 'run'>;

/** Keys of the signals of a checkout. */
export const signalAt = {
  /** Common prefix of the keys of all signals of this checkout, and of no other. */
  prefix: ({ rule, run }: RunPlace): string => `checkouts/${rule}/${run}/`,
  released: (run: RunPlace): string => `${signalAt.prefix(run)}${RELEASED}`,
  closing: (run: RunPlace): string => `${signalAt.prefix(run)}${CLOSING}`,
  /** `untilMs` in whole epoch milliseconds. */
  extended: (run: RunPlace, untilMs: number): string => `${signalAt.prefix(run)}extended-${untilMs}`,
  /** `until` in whole epoch milliseconds. */
  ends: (run: RunPlace, { position, until }: { readonly position: number; readonly until: number }): string =>
    `${signalAt.prefix(run)}ends-${position}-${until}`,
  report: (run: RunPlace): string => `${signalAt.prefix(run)}${REPORT}`,
  /** Session ids are not secret. */
  session: (run: RunPlace, sessionId: string): string => `${signalAt.prefix(run)}session-${sessionId}`,
} as const;

/** Combined state of all signals of one checkout. */
export interface CheckoutSignals extends SetEnds {
  readonly released: boolean;
  /** True once it is released, is being closed, or has its report. It then opens and delivers nothing more. */
  readonly isOver: boolean;
}

/** Parses the keys under {@link signalAt.prefix}, in any order. Ignores all other keys. Pure. */
export const readSignals = (keys: readonly string[]): CheckoutSignals => {
  const names = namesOf(keys);
  const untils = names.flatMap((name) => EXTENDED.exec(name)?.[1] ?? []).map(Number);
  return {
    released: names.includes(RELEASED),
    isOver: [RELEASED, CLOSING, REPORT].some((name) => names.includes(name)),
    extendedUntil: untils.length === 0 ? undefined : Math.max(...untils),
    endsAt: latestEnd(names),
  };
};

/** Of two ends with the same position, the earlier one counts. */
const latestEnd = (names: readonly string[]): number | undefined => {
  const ends = names.flatMap((name) => {
    const [, position, until] = ENDS.exec(name) ?? [];
    return until === undefined ? [] : [{ position: Number(position), until: Number(until) }];
  });
  return ends.toSorted((one, other) => other.position - one.position || one.until - other.until)[0]?.until;
};

/** Ids of the target sessions that a checkout has opened, parsed as by {@link readSignals}. Pure. */
export const readSessions = (keys: readonly string[]): string[] =>
  namesOf(keys).flatMap((name) => SESSION.exec(name)?.[1] ?? []);

const namesOf = (keys: readonly string[]): string[] => keys.map((key) => key.slice(key.lastIndexOf('/') + 1));

/** Signals in the records bucket. Raises `StoreDenied` or `StoreUnavailable`. Every call is repeatable. */
export interface Signals {
  put(key: string): Promise<void>;
  /** All keys with the prefix. */
  list(prefix: string): Promise<string[]>;
  /** Removes a signal. A missing one is not an error. */
  remove(key: string): Promise<void>;
}

/** True once a checkout opens and delivers nothing more; see {@link CheckoutSignals}. Raises as {@link Signals}. */
export const isOver = async (signals: Pick<Signals, 'list'>, run: RunPlace): Promise<boolean> =>
  readSignals(await signals.list(signalAt.prefix(run))).isOver;
