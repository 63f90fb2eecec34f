import { nextLookDelayMs } from '#shared/domain/checkout/next-action.ts';
import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import {
  type ItemProgress,
  isBad,
  isRunning,
  type RotationState,
  type Status,
  type Stop,
  stopOf,
} from '#shared/domain/rotation/state.ts';

const MINUTE_MS = 60_000;

/** Next action of a rotation. */
export type Next =
  /** Start these items, which belong to one wave. Record the starts first. */
  | { readonly next: 'start'; readonly ids: readonly string[] }
  /** Wait until a time: the next look at the running items, or the end of the pause between two waves. */
  | { readonly next: 'wait'; readonly until: number; readonly for: 'changes' | 'pause' }
  /** Nothing runs, and items are left. */
  | { readonly next: 'stop'; readonly stop: Stop }
  | { readonly next: 'done' };

/** Items that cannot start, and the item that each needs. What an item needs stands before it. */
const findBlocked = (items: readonly ItemProgress[]): Map<string, ItemProgress> => {
  const byId = new Map(items.map((item) => [item.id, item]));
  const blocked = new Map<string, ItemProgress>();
  for (const { id, status, after } of items) {
    if (status !== 'waiting') continue;
    const cause = after.flatMap((need) => byId.get(need) ?? []).find((need) => isBad(need) || blocked.has(need.id));
    if (cause !== undefined) blocked.set(id, cause);
  }
  return blocked;
};

/** Numbers of items: ended, with a bad outcome among them, and not ended. Pure. */
export const countItems = ({ items }: RotationState) => {
  const left = items.filter((item) => item.status === 'waiting' || isRunning(item)).length;
  return { ended: items.length - left, bad: items.filter(isBad).length, left };
};

/** True once the vault had its time to show the change of a started item. */
export const isOverdue = (
  { startedAt }: Pick<ItemProgress, 'startedAt'>,
  { deadlineMinutes }: Pick<RotationSettings, 'deadlineMinutes'>,
  now: number,
): boolean => startedAt !== undefined && now >= startedAt + deadlineMinutes * MINUTE_MS;

/** Next look at the running items: soon after a start, less often later, and at each deadline. */
const nextLookAt = (running: readonly ItemProgress[], settings: RotationSettings, now: number): number =>
  Math.min(
    ...running.flatMap(({ startedAt = now }) => {
      const deadline = startedAt + settings.deadlineMinutes * MINUTE_MS;
      return [now + Math.ceil(nextLookDelayMs(startedAt, now)), ...(deadline > now ? [deadline] : [])];
    }),
  );

/**
 * Decides the next action of a rotation from its state alone, so a repeated step makes the same decision. At most the
 * concurrency of items run, and those of one wave only. After a stop, the running items end and none starts. An item
 * whose needs ended badly is left out; one that needs a skipped item is not, because that credential is as it was.
 * Pure.
 */
export const next = (state: RotationState, settings: RotationSettings, now: number): Next => {
  const { items } = state;
  const running = items.filter(isRunning);
  const blocked = findBlocked(items);
  const pending = items.filter(({ id, status }) => status === 'waiting' && !blocked.has(id));
  const [first] = pending;
  const look = (): Next => ({ next: 'wait', until: nextLookAt(running, settings, now), for: 'changes' });

  const stop = stopOf(state, settings, now);
  if (first === undefined || stop !== undefined) {
    if (running.length > 0) return look();
    return first === undefined || stop === undefined ? { next: 'done' } : { next: 'stop', stop };
  }
  const { wave } = first;
  if (running.some((item) => item.wave !== wave)) return look();
  const ends = items.flatMap((item) => (item.wave === wave ? [] : (item.endedAt ?? [])));
  const pauseEndsAt = ends.reduce((latest, end) => Math.max(latest, end + settings.pauseMinutes * MINUTE_MS), 0);
  if (now < pauseEndsAt) {
    return { next: 'wait', until: Math.min(pauseEndsAt, nextLookAt(running, settings, now)), for: 'pause' };
  }
  const statuses = new Map(items.map(({ id, status }) => [id, status]));
  const isReady = ({ after }: ItemProgress): boolean =>
    after.every((need) => ['rotated', 'skipped', undefined].includes(statuses.get(need)));
  const free = Math.max(1, settings.concurrency) - running.length;
  const ready = pending.filter((item) => item.wave === wave && isReady(item)).slice(0, Math.max(0, free));
  return ready.length > 0 ? { next: 'start', ids: ready.map(({ id }) => id) } : look();
};

/** Outcomes of an item in the report of a rotation, and their words. */
export const ROTATION_OUTCOMES = {
  rotated: 'rotated',
  /** Rotated in a vault that has no test. */
  untested: 'rotated, untested',
  unknown: 'unknown, watched',
  testFailed: 'changed, test failed',
  failed: 'failed',
  skipped: 'skipped',
} as const;

const isEnd = (status: Status): status is Status & keyof typeof ROTATION_OUTCOMES =>
  Object.hasOwn(ROTATION_OUTCOMES, status);

/** Word for a state in the report of a rotation. Pure. */
export const outcomeOf = (status: Status): string => (isEnd(status) ? ROTATION_OUTCOMES[status] : status);

/** Line of a report about one item. `waiting`, `started` and `changed` are those of a rotation that goes on. */
export interface Reported {
  readonly id: string;
  readonly title: string;
  readonly wave: number;
  readonly status: Status;
  readonly reason?: string | undefined;
  readonly changedAt?: string | undefined;
}

/** Outcomes of the items that a failed execution leaves behind. */
const LEFT: Readonly<Partial<Record<Status, Pick<Reported, 'status' | 'reason'>>>> = {
  waiting: { status: 'skipped', reason: 'The rotation failed before its turn.' },
  started: {
    status: 'unknown',
    reason: 'The rotation failed before the vault showed the change. A later sync delivers what the vault shows.',
  },
  changed: {
    status: 'unknown',
    reason: 'The rotation failed before the new credential was tested. A later sync delivers it.',
  },
};

const TEST_FAILED =
  'Its system refused the new credential, so no sync delivers it. The page docs/rotation.md, "A failed test", shows what ends that.';

/**
 * Reports each item once. Items that a stop or another item keeps from starting are `skipped`. After the end of the
 * execution, `isOver`, each item has an outcome. Pure.
 */
export const report = (state: RotationState, isOver = false): Reported[] => {
  const blocked = findBlocked(state.items);
  return state.items.map((item): Reported => {
    const { id, title, wave, status, changedAt } = item;
    const reason = item.reason ?? (status === 'testFailed' ? TEST_FAILED : undefined);
    const line = { id, title, wave, status, reason, changedAt, ...(isOver && LEFT[status]) };
    if (status !== 'waiting') return line;
    const cause = blocked.get(id);
    if (cause !== undefined)
      return { ...line, status: 'skipped', reason: `It needs ${cause.title}, which did not rotate.` };
    return state.stop === undefined
      ? line
      : { ...line, status: 'skipped', reason: 'The rotation stopped before its turn.' };
  });
};
