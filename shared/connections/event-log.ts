/**
 * The port for audit events of a remote system. Each connection type that has events implements it in
 * `connections/<type>/`; exports use it. All errors are RelayErrors.
 */

/** One event as the remote system shows it. */
export interface LoggedEvent {
  /** Time of the event by the clock of the remote system or its client, UTC ISO 8601 with milliseconds or finer. */
  readonly date: string;
  /** The whole event, in the form in which it is exported. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** A span of time, both ends inclusive, UTC ISO 8601. */
export interface EventWindow {
  readonly from: string;
  readonly to: string;
}

/** One page of a window. */
export interface EventPage {
  /** Newest first. A page can be empty although others follow. */
  readonly events: readonly LoggedEvent[];
  /** Rows of the page that have another shape, or a date of another form, as the remote system shows them in JSON. */
  readonly unreadable: readonly unknown[];
  /** Continues with the next page; absent at the end. */
  readonly next?: string | undefined;
}

export interface EventLog {
  /** Longest window of one call. */
  readonly maxWindowMs: number;
  /**
   * True if a page after the first can omit events that share the date of the last event of the page before it. The
   * reader then reads that date as a window of its own.
   */
  readonly losesTies: boolean;
  /** Reads one page of a window. Repeatable. */
  page(window: EventWindow, next?: string): Promise<EventPage>;
}
