import type { Run } from '#shared/workflows/run.ts';

/**
 * Messages to a running checkout, and from it to the step that closes it: empty objects in the records bucket, whose keys hold
 * everything.
 *
 *     checkouts/<rule>/<run>/released                    somebody ends it
 *     checkouts/<rule>/<run>/closing                     what it has delivered is being taken back
 *     checkouts/<rule>/<run>/extended-<epoch ms>         somebody wants it to last until then
 *     checkouts/<rule>/<run>/session-<id>                it has opened this target session
 *
 * A note that is left twice is one note, and notes may come in any order: the latest extension holds, and a release
 * holds against all of them. No credential is in a note, nor in its key.
 */
const RELEASED = 'released';
const CLOSING = 'closing';
const EXTENDED = /^extended-(0|[1-9]\d{0,15})$/;
/** Lies beside the notes once somebody has closed the checkout. */
const REPORT = 'report.json';
const SESSION = /^session-([\w.-]{1,200})$/;

type RunPlace = Pick<Run, 'rule' | 'run'>;

/** Where the notes of a checkout lie. */
export const noteAt = {
  /** What the key of every note of this checkout, and of no other, begins with. */
  prefix: ({ rule, run }: RunPlace): string => `checkouts/${rule}/${run}/`,
  released: (run: RunPlace): string => `${noteAt.prefix(run)}${RELEASED}`,
  closing: (run: RunPlace): string => `${noteAt.prefix(run)}${CLOSING}`,
  /** `untilMs` in whole epoch milliseconds. */
  extended: (run: RunPlace, untilMs: number): string => `${noteAt.prefix(run)}extended-${untilMs}`,
  report: (run: RunPlace): string => `${noteAt.prefix(run)}${REPORT}`,
  /** Ids of sessions are no secrets. */
  session: (run: RunPlace, sessionId: string): string => `${noteAt.prefix(run)}session-${sessionId}`,
} as const;

/** What the notes of one checkout say together. */
export interface Noted {
  readonly released: boolean;
  /** True once it was released, is being closed, or has its report: from then on it opens and delivers nothing. */
  readonly isOver: boolean;
  /** Epoch milliseconds of the latest extension; whether the rule allows it is not known here. */
  readonly extendedUntil: number | undefined;
}

/** Reads the keys under {@link noteAt.prefix}, in any order. What is no note is left out. Pure. */
export const readNotes = (keys: readonly string[]): Noted => {
  const names = namesOf(keys);
  const untils = names.flatMap((name) => EXTENDED.exec(name)?.[1] ?? []).map(Number);
  return {
    released: names.includes(RELEASED),
    isOver: [RELEASED, CLOSING, REPORT].some((name) => names.includes(name)),
    extendedUntil: untils.length === 0 ? undefined : Math.max(...untils),
  };
};

/** The ids of the target sessions that a checkout has opened, read as by {@link readNotes}. Pure. */
export const readSessions = (keys: readonly string[]): string[] =>
  namesOf(keys).flatMap((name) => SESSION.exec(name)?.[1] ?? []);

const namesOf = (keys: readonly string[]): string[] => keys.map((key) => key.slice(key.lastIndexOf('/') + 1));

/** Notes in the records bucket. Raises `StoreDenied` or `StoreUnavailable`; every call may be repeated. */
export interface Notes {
  put(key: string): Promise<void>;
  /** Every key that begins like this. */
  list(prefix: string): Promise<string[]>;
  /** Takes a note away; one that is not there is fine. */
  remove(key: string): Promise<void>;
}

/** True once a checkout opens and delivers nothing any more, see {@link Noted.isOver}. Raises as {@link Notes}. */
export const isOver = async (notes: Pick<Notes, 'list'>, run: RunPlace): Promise<boolean> =>
  readNotes(await notes.list(noteAt.prefix(run))).isOver;
