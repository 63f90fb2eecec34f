import { judge, type TestResult } from '#shared/domain/rotation/outcome.ts';
import { isOverdue, type Next, next } from '#shared/domain/rotation/progress.ts';
import type { RotationSettings } from '#shared/domain/rotation/settings.ts';
import {
  beginRotation,
  type ItemProgress,
  isRunning,
  type RotationState,
  resume,
  rotationStateSchema,
  withEnded,
  withStarted,
  withStop,
} from '#shared/domain/rotation/state.ts';
import type { WavePlan } from '#shared/domain/rotation/waves.ts';

/** A vault and an executor of rotations, without I/O and without a clock of their own. */

const MINUTE = 60_000;
export const NOON = Date.parse('2026-03-01T12:00:00Z');
const BEFORE = '2026-01-01T00:00:00.000Z';

/** Behaviour of the vault towards an item. `late`: it changes after the deadline. */
export type Fate = 'rotated' | 'testFailed' | 'refused' | 'never' | 'late' | 'lateTestFailed' | 'skipped';

export interface Destiny {
  readonly fate: Fate;
  /** Minutes until the change, or until the answer. */
  readonly minutes: number;
}

/** A thing that happens to the executor at one of its steps. */
export interface Disturbance {
  readonly step: number;
  /**
   * `stop`: a message stops the rotation, and another one resumes it. `crash`: the executor dies before it writes.
   * `lost`: it dies between the write and the call.
   */
  readonly kind: 'stop' | 'crash' | 'lost';
}

export interface Played {
  readonly state: RotationState;
  readonly last: Extract<Next, { readonly next: 'stop' | 'done' }>;
  /** Calls that changed an item, in their order. */
  readonly calls: readonly string[];
  readonly now: number;
}

interface Play {
  readonly state: RotationState;
  readonly settings: RotationSettings;
  readonly destinyOf: (id: string) => Destiny;
  readonly disturbances?: readonly Disturbance[];
  readonly now?: number;
  /** Sees each state, and the decision about it. */
  readonly observe?: (state: RotationState, action: Next, now: number) => void;
}

const LATE_MINUTES = 45;
const MAX_STEPS = 20_000;

/** Verdict on an item, from what the vault shows of it. */
const look = (item: ItemProgress, { fate, minutes }: Destiny, settings: RotationSettings, now: number) => {
  const { startedAt = now, before = {} } = item;
  const isLate = fate === 'late' || fate === 'lateTestFailed';
  const isDone = now >= startedAt + (minutes + (isLate ? LATE_MINUTES : 0)) * MINUTE;
  const changes = fate !== 'never' && fate !== 'refused';
  const changedAt = isDone && changes ? new Date(startedAt + 1).toISOString() : BEFORE;
  const isTestable = item.status === 'changed' || (item.status === 'unknown' && isDone);
  const result = fate === 'testFailed' || fate === 'lateTestFailed' ? 'failed' : 'passed';
  const test: TestResult | undefined = isTestable ? { result, changedAt } : undefined;
  const refusal = fate === 'refused' && isDone ? 'The vault refused the change.' : undefined;
  const shown = { changedAt, changing: !isDone };
  return judge({ before, shown, isOverdue: isOverdue(item, settings, now), refusal, test });
};

/** Plays a rotation until it stops or ends. Every state is written and read again. */
const play = ({ settings, destinyOf, disturbances = [], observe, ...from }: Play): Played => {
  let { state, now = NOON } = from;
  const calls: string[] = [];
  const lost = new Set<string>();
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const happens = (kind: Disturbance['kind']): boolean =>
      disturbances.some((one) => one.step === step && one.kind === kind);
    if (happens('stop')) state = withStop(state, 'message', now);
    const action = next(state, settings, now);
    observe?.(state, action, now);
    if (action.next === 'done' || action.next === 'stop') {
      const isByMessage = action.next === 'stop' && action.stop.reason === 'message';
      if (!isByMessage || disturbances.length === 0) return { state, last: action, calls, now };
      now += 3 * MINUTE;
      ({ state } = resume(state, settings, { acceptFailures: false, retry: [], now }));
    } else if (action.next === 'wait') {
      now = action.until;
      const looks = state.items.filter((item) => isRunning(item) || item.status === 'unknown');
      for (const item of looks) {
        const destiny: Destiny = lost.has(item.id) ? { fate: 'never', minutes: 0 } : destinyOf(item.id);
        state = withEnded(state, settings, { id: item.id, ended: look(item, destiny, settings, now), now });
      }
    } else {
      for (const id of action.ids.filter((one) => destinyOf(one).fate === 'skipped')) {
        state = withEnded(state, settings, { id, ended: { status: 'skipped', reason: 'Excluded.' }, now });
      }
      const starts = action.ids.map((id) => ({ id, before: { changedAt: BEFORE } }));
      const written = withStarted(state, starts, now);
      if (happens('crash')) continue;
      ({ state } = written);
      if (happens('lost')) for (const id of written.started) lost.add(id);
      else calls.push(...written.started);
    }
    if (step % 16 === 0) state = rotationStateSchema.parse(JSON.parse(JSON.stringify(state)));
  }
  throw new Error('The rotation does not end.');
};

export const playPlan = (plan: WavePlan, more: Omit<Play, 'state'>): Played =>
  play({ ...more, state: beginRotation(plan) });
