import type { Switches } from './switches.ts';

/** A person, an API account, or the system itself. */
export interface Performer {
  readonly type: 'user' | 'apiAccount' | 'system';
  readonly id: number;
  readonly name: string;
}

export const SYSTEM: Performer = { type: 'system', id: 0, name: 'System' };

/** One event of the Vault account activity. */
export interface ActivityEvent {
  /** In milliseconds. The report shows whole seconds. */
  readonly at: number;
  readonly eventType: string;
  readonly accountId: number;
  /** Name of the account at that time, which the report shows instead of the id. */
  readonly accountName: string;
  readonly performer: Performer | null;
  readonly data: string | null;
}

const DAY_MS = 86_400_000;

/** The log of the Vault, in the order of time. */
export class Activity {
  readonly #now: () => number;
  readonly #switches: Switches;
  #events: ActivityEvent[] = [];
  #isSorted = true;

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  add(event: ActivityEvent): void {
    this.#isSorted &&= (this.#events.at(-1)?.at ?? event.at) <= event.at;
    this.#events.push(event);
  }

  /** Events that have not left the log. */
  all(): readonly ActivityEvent[] {
    if (!this.#isSorted) this.#events.sort((one, other) => one.at - other.at);
    this.#isSorted = true;
    const oldest = this.#now() - this.#switches.retentionDays * DAY_MS;
    if ((this.#events[0]?.at ?? oldest) < oldest) this.#events = this.#events.filter(({ at }) => at >= oldest);
    return this.#events;
  }
}
