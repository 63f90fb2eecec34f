import * as z from 'zod';
import type { Verdict } from '#shared/domain/rotation/outcome.ts';
import { type RotationSettings, thresholdOf } from '#shared/domain/rotation/settings.ts';
import type { WavePlan } from '#shared/domain/rotation/waves.ts';

/**
 * State of a rotation, as data to keep. Every change to it is written before the call that follows from it, so a crash
 * loses no start: an item that may have been started is `started`, with the evidence to find its change. Pure. Times
 * are epoch milliseconds.
 */

/**
 * States of an item. `started` and `changed` items are running. A `changed` one waits for its test. `unknown` means
 * that the vault showed no change within the deadline, and still may. A `testFailed` item has changed and is held.
 */
const STATUSES = ['waiting', 'started', 'changed', 'rotated', 'unknown', 'testFailed', 'failed', 'skipped'] as const;
export type Status = (typeof STATUSES)[number];

/** States that can follow a state. A `failed` item has not changed, so nothing follows it but a retry. */
const FOLLOWING: Readonly<Record<Status, readonly Status[]>> = {
  waiting: ['skipped', 'failed'],
  started: ['changed', 'rotated', 'unknown', 'testFailed', 'failed'],
  changed: ['changed', 'rotated', 'unknown', 'testFailed'],
  unknown: ['changed', 'rotated', 'testFailed', 'failed'],
  rotated: [],
  testFailed: [],
  failed: [],
  skipped: [],
};

const evidenceSchema = z.object({
  changedAt: z.string().optional(),
  hasUnreadableDate: z.boolean().optional(),
});

const itemSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** Number of its wave; 0 is the canary. */
  wave: z.int().min(0),
  /** Planned items that change before it, including the one before it in its unit. */
  after: z.array(z.string()),
  status: z.enum(STATUSES),
  startedAt: z.int().optional(),
  /** Dates in the vault before the start. */
  before: evidenceSchema.optional(),
  /** Latest change that the vault showed. */
  changedAt: z.string().optional(),
  /** Time at which it stopped running for the first time since its start. */
  endedAt: z.int().optional(),
  reason: z.string().optional(),
  /** True for a failure that a person accepted: it no longer counts against the threshold. */
  accepted: z.boolean().optional(),
});
export type ItemProgress = z.infer<typeof itemSchema>;

const stopSchema = z.object({ reason: z.enum(['threshold', 'canary', 'message', 'window']), at: z.int() });
export type Stop = z.infer<typeof stopSchema>;

export const rotationStateSchema = z.object({
  /** In the order in which they start: by wave, and within a unit as they follow each other. */
  items: z.array(itemSchema),
  /** First cause that stopped the rotation. Only a resume removes it. */
  stop: stopSchema.optional(),
});
export type RotationState = z.infer<typeof rotationStateSchema>;

type FailureSettings = Pick<RotationSettings, 'threshold' | 'countUnknown'>;

/** An item that is in no wave, because it must not change. */
export interface RefusedItem {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

/** Initial state of a planned rotation. Refused items are skipped from the beginning. */
export const beginRotation = ({ waves }: WavePlan, refused: readonly RefusedItem[] = []): RotationState => {
  const planned = new Set(waves.flat().flatMap(({ items }) => items.map(({ id }) => id)));
  const items = waves.flatMap((units, wave) =>
    units.flatMap((unit) =>
      unit.items.map(({ id, title, after = [] }, position): ItemProgress => {
        const before = unit.items[position - 1];
        const needs = new Set([...after.filter((other) => planned.has(other)), ...(before ? [before.id] : [])]);
        return { id, title, wave, after: [...needs], status: 'waiting' };
      }),
    ),
  );
  const left = refused.map(
    (item): ItemProgress => ({ ...item, wave: Math.max(0, waves.length - 1), after: [], status: 'skipped' }),
  );
  return { items: [...items, ...left] };
};

/** Begins a rotation that only tests changes again: `changes` has the date of the change of each item. */
export const beginRetest = (
  state: RotationState,
  changes: ReadonlyMap<string, string>,
  now: number,
): RotationState => ({
  items: state.items.map((item): ItemProgress => {
    const changedAt = changes.get(item.id);
    // Without a date before it, every date that the vault shows is a change.
    if (changedAt === undefined || item.status !== 'waiting') return item;
    return { ...item, status: 'changed', startedAt: now, before: {}, changedAt };
  }),
});

export const isRunning = ({ status }: ItemProgress): boolean => status === 'started' || status === 'changed';

/** True if others that need the item cannot rely on its credential. */
export const isBad = ({ status }: ItemProgress): boolean =>
  status === 'failed' || status === 'testFailed' || status === 'unknown';

/** Cause that stops the rotation in a state, if no cause is recorded in it. */
const causeOf = (
  { items }: RotationState,
  { threshold, countUnknown }: FailureSettings,
): Stop['reason'] | undefined => {
  const failures = items.filter((item) => isBad(item) && item.accepted !== true);
  const counted = failures.filter(({ status }) => countUnknown || status !== 'unknown');
  if (counted.length >= thresholdOf(threshold, items.length)) return 'threshold';
  const canary = items.filter(({ wave }) => wave === 0);
  const isOver = !canary.some(({ status }) => status === 'waiting' || status === 'started' || status === 'changed');
  const proves = canary.some(({ status }) => status === 'rotated');
  return failures.some(({ wave }) => wave === 0) || (isOver && !proves && canary.length < items.length)
    ? 'canary'
    : undefined;
};

/** Recorded cause that stopped the rotation, or the one that stops it now; undefined if it goes on. */
export const stopOf = (state: RotationState, settings: FailureSettings, now: number): Stop | undefined => {
  if (state.stop !== undefined) return state.stop;
  const reason = causeOf(state, settings);
  return reason === undefined ? undefined : { reason, at: now };
};

const changeItem = (state: RotationState, id: string, change: (item: ItemProgress) => ItemProgress): RotationState => ({
  ...state,
  items: state.items.map((item) => (item.id === id ? change(item) : item)),
});

/** An item to start, and its dates in the vault now. */
export interface Start {
  readonly id: string;
  readonly before: z.infer<typeof evidenceSchema>;
}

/**
 * Records starts. Only the returned ids may be started in the vault, once the state is written: no item starts twice,
 * and none after a stop.
 */
export const withStarted = (
  state: RotationState,
  starts: readonly Start[],
  now: number,
): { readonly state: RotationState; readonly started: readonly string[] } => {
  const evidence = new Map(starts.map(({ id, before }) => [id, before]));
  if (state.stop !== undefined) return { state, started: [] };
  const started: string[] = [];
  const items = state.items.map((item): ItemProgress => {
    const before = evidence.get(item.id);
    if (before === undefined || item.status !== 'waiting') return item;
    started.push(item.id);
    return { ...item, status: 'started', startedAt: now, before: { ...before } };
  });
  return { state: { ...state, items }, started };
};

/** A verdict, or the decision not to start an item. */
export type Ended = Verdict | { readonly status: 'skipped'; readonly reason: string };

/**
 * Records what became of an item, and the stop that follows from it. Returns the same state if the item already ended,
 * so a repeated or late verdict changes nothing; only `unknown` can still become known.
 */
export const withEnded = (
  state: RotationState,
  settings: FailureSettings,
  { id, ended, now }: { readonly id: string; readonly ended: Ended; readonly now: number },
): RotationState => {
  const { status } = ended;
  const current = state.items.find((item) => item.id === id);
  if (current === undefined || !FOLLOWING[current.status].includes(status)) return state;
  const next = changeItem(state, id, ({ reason: _, ...item }) => ({
    ...item,
    status,
    ...('changedAt' in ended && { changedAt: ended.changedAt }),
    ...('reason' in ended && { reason: ended.reason }),
    // Of an unknown item, the first end: a late verdict must not prolong the pause between two waves.
    ...(status !== 'changed' && { endedAt: item.endedAt ?? now }),
  }));
  const stop = stopOf(next, settings, now);
  return stop === undefined ? next : { ...next, stop };
};

/** Records a cause from outside that stops the rotation. The first cause stays. */
export const withStop = (state: RotationState, reason: 'message' | 'window', now: number): RotationState =>
  state.stop === undefined ? { ...state, stop: { reason, at: now } } : state;

/** Wishes of a person who resumes a stopped rotation. */
export interface Resume {
  /** True to count only later failures. A canary without any rotated item needs a retry instead. */
  readonly acceptFailures: boolean;
  /**
   * Ids of `failed`, `testFailed` and `skipped` items to start again. An `unknown` one may still change, so it is not,
   * and neither is one that the plan refused.
   */
  readonly retry: readonly string[];
}

/** True for an item that has ended without a change that readers could have, at its turn. */
const canRetry = ({ status, endedAt }: ItemProgress): boolean =>
  status === 'failed' || status === 'testFailed' || (status === 'skipped' && endedAt !== undefined);

/**
 * Resumes a stopped rotation where it stopped. A reached threshold stops it again, unless the failures are accepted or
 * retried. Returns the ids that it cannot retry.
 */
export const resume = (
  state: RotationState,
  settings: FailureSettings,
  { acceptFailures, retry, now }: Resume & { readonly now: number },
): { readonly state: RotationState; readonly refused: readonly string[] } => {
  const asked = new Set(retry);
  const items = state.items.map((item): ItemProgress => {
    const { id, title, wave, after } = item;
    if (canRetry(item) && asked.delete(id)) return { id, title, wave, after, status: 'waiting' };
    return acceptFailures && isBad(item) ? { ...item, accepted: true } : item;
  });
  const stop = stopOf({ items }, settings, now);
  return { state: { items, ...(stop !== undefined && { stop }) }, refused: [...asked] };
};
