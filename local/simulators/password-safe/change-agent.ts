import type { Switches } from './switches.ts';

/**
 * The agent that works through the queue of changes, a batch per cycle. A change gets its place in a batch when it is
 * queued, so that nothing has to run in the background.
 */
export class ChangeAgent {
  readonly #switches: Switches;
  /** Number of changes in each batch, by the time of its cycle. */
  readonly #batches = new Map<number, number>();

  constructor(switches: Switches) {
    this.#switches = switches;
  }

  /** Time of the first batch from then on that has a free place, which is taken. */
  place(from: number): number {
    const { agentCycleMs, agentBatch, changeDelayMs } = this.#switches;
    if (agentCycleMs === 0) return from + changeDelayMs;
    let cycle = Math.floor(from / agentCycleMs) + 1;
    while ((this.#batches.get(cycle) ?? 0) >= agentBatch) cycle += 1;
    this.#batches.set(cycle, (this.#batches.get(cycle) ?? 0) + 1);
    return cycle * agentCycleMs;
  }
}

interface ScheduledChange {
  /** Time from which calls show it. */
  readonly queuedAt: number;
  readonly dueAt: number;
  /** Number of repetitions that are left if it fails. */
  readonly retries: number;
  /** True if the site has reported it as successful, and the target is late. */
  readonly isReported: boolean;
}

/** The changes of one account that have not happened yet. */
export class ScheduledChanges {
  readonly #switches: Switches;
  readonly #agent: ChangeAgent;
  #changes: readonly ScheduledChange[] = [];

  constructor(switches: Switches, agent: ChangeAgent) {
    this.#switches = switches;
    this.#agent = agent;
  }

  /** Queues a change for the agent, or schedules it for the end of a delay. */
  queue(queuedAt: number, delayMs?: number): void {
    const dueAt = delayMs === undefined ? this.#agent.place(queuedAt) : queuedAt + delayMs;
    this.#add({ queuedAt, dueAt, retries: this.#switches.agentRetries, isReported: false });
  }

  /** Leaves a failed change to the agent, if that repeats any. Nothing shows it. */
  repeat(failedAt: number, retries: number = this.#switches.agentRetries): void {
    if (retries <= 0) return;
    const dueAt = this.#agent.place(failedAt + this.#switches.agentRetryMs);
    this.#add({ queuedAt: dueAt, dueAt, retries: retries - 1, isReported: false });
  }

  /** Schedules the late effect of a change that was reported as successful. Nothing shows it. */
  delay(dueAt: number): void {
    this.#add({ queuedAt: dueAt, dueAt, retries: 0, isReported: true });
  }

  /** Removes the earliest of the changes that are due. */
  takeDue(now: number): ScheduledChange | undefined {
    const [next] = this.#changes.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    if (next !== undefined) this.#changes = this.#changes.filter((change) => change !== next);
    return next;
  }

  /** The change that calls show now. */
  shownAt(now: number): ScheduledChange | undefined {
    return this.#changes.find(({ queuedAt }) => queuedAt <= now);
  }

  #add(change: ScheduledChange): void {
    this.#changes = [...this.#changes, change];
  }
}
