import {
  type ActivityEvent,
  nameKey,
  readActivity,
  type Span,
  shownSinceOf,
  spanSince,
} from '#shared/connections/sra/reports/activity.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import type { ItemPage } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** Dates of change from the activity report, for the lists of accounts. */

const CHANGES: ReadonlySet<ActivityEvent['kind']> = new Set(['changed', 'created', 'unknown']);

/** Events have times of one second, and so does the clock of the site. */
const TOLERANCE_MS = 1000;

/**
 * Events that have happened. One with a later time comes from a wrong clock: until its time has come, it must not hide
 * the changes before it. Pure.
 */
export const happenedBy = (events: readonly ActivityEvent[], nowMs: number): readonly ActivityEvent[] =>
  events.filter(({ atMs }) => atMs <= nowMs + TOLERANCE_MS);

/** Events of a span that have happened by the later one of both clocks. Options and errors: {@link readActivity}. */
export const readHappened = async (
  session: Session,
  ...span: readonly [span: Span, options?: { readonly accountId: number }]
): Promise<readonly ActivityEvent[]> => {
  const events = await readActivity(session, ...span);
  return happenedBy(events, session.latestNow());
};

/** Events that prove a change. Any other one, such as a failure with an unknown text, proves no rotation. */
export const PROVEN: ReadonlySet<ActivityEvent['kind']> = new Set(['changed']);

/** Time of the last event that is a change, by default also of one that may be; undefined if there is none. Pure. */
export const lastChangeIn = (events: readonly ActivityEvent[], kinds = CHANGES): string | undefined => {
  const last = events.reduce((at, event) => (kinds.has(event.kind) ? Math.max(at, event.atMs) : at), -1);
  return last < 0 ? undefined : new Date(last).toISOString();
};

/**
 * Times of the last changes by the names of accounts. The change of an account counts for each one with its name. Pure.
 */
export const lastChanges = (events: readonly ActivityEvent[], kinds = CHANGES): ReadonlyMap<string, string> => {
  const byName = Map.groupBy(events, ({ account }) => account);
  return new Map(
    [...byName].flatMap(([name, ofName]) => {
      const at = lastChangeIn(ofName, kinds);
      return at === undefined ? [] : [[name, at] as const];
    }),
  );
};

const UNDATED =
  'Changes were not found, because the API account may not read the Vault account activity, or the XML API of the site is off. The sync delivers new accounts, and finds changes in its verify runs alone.';

/** Runs a read of reports; undefined if the API account may not read them. */
const ifPermitted = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RelayError && error.name === 'PermissionMissing') return undefined;
    throw error;
  }
};

/**
 * The pages of a list with the dates of change. The report is read before the list: a change in between is in the next
 * report. Without the permission for it, the pages stay as they are, and a line for the report of the run follows.
 */
export async function* withDates(
  session: Session,
  pages: AsyncIterable<ItemPage>,
  since: string | undefined,
): AsyncIterable<ItemPage> {
  const span = spanSince(session.now(), since);
  const events = await ifPermitted(() => readHappened(session, span));
  if (events === undefined) {
    yield* pages;
    yield { items: [], complete: true, skipped: [UNDATED] };
    return;
  }
  const changes = lastChanges(events);
  const changesSince = shownSinceOf(span);
  for await (const page of pages) {
    const items = page.items.map((item) => {
      const changedAt = changes.get(nameKey(item.labels['accountName'] ?? ''));
      return changedAt === undefined ? item : { ...item, changedAt };
    });
    yield { ...page, items, changesSince };
  }
}
