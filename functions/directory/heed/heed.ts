import pMap from 'p-map';
import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Directory, DirectorySession } from '#shared/connections/directory.ts';
import { claimDirectory } from '#shared/directory/claim.ts';
import { NO_OWNERSHIP } from '#shared/domain/directory/state.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { DirectoryHeeded, DirectoryStepInput } from '#shared/workflows/directory.ts';
import { createDecide } from './decide.ts';
import { createHandleEvent, type Handled, type HandleEvent } from './event.ts';

/** People on whom one run works at the same time. The limits of the connection apply as well. */
const MAX_PEOPLE = 4;

/** Minimum time left in an invocation to begin with a person. */
const MIN_REMAINING_MS = 120_000;

/** Time after which an invocation begins with no more joiners or movers, because a leaver can have come. */
const MAX_TURN_MS = 30_000;

/** Waits in a row for another run, or for people on whom another process works. The sweep continues after them. */
const MAX_WAITS = 30;

const MAX_LINES = 50;

/** Many refused messages must not hide one of another sender. */
const MORE = 'There are more. The records below member-events/ in the records bucket have the reason of each message.';

export interface HeedMessagesDependencies {
  readonly config: Pick<RelayConfig, 'relay' | 'directories'>;
  readonly directoryOf: (connection: string) => Promise<Directory>;
  readonly records: RemovableRecords;
  readonly journal: Records;
  /** True while the execution can still change the directory. */
  readonly isRunning: (run: string) => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Carries out the messages of a rule that are owed: leavers first, in the order of their arrival, until no further ones
 * have come. What fails stays owed. Works beside a run over the declared state, and takes turns with it for each
 * person. Repeatable.
 */
export const createHeedMessages =
  (dependencies: HeedMessagesDependencies) =>
  async ({ rule, run, heeded }: DirectoryStepInput, { remainingMs }: StepContext): Promise<DirectoryHeeded> => {
    const { records, isRunning } = dependencies;
    const before = heeded ?? { next: 'heed', waits: 0, counts: {}, owed: 0, lines: [] };
    const marks = await records.list(directoryAt.allOwed(rule));
    if (marks.length === 0) return { ...before, owed: 0, next: heeded === undefined ? 'end' : 'report' };
    const mayWait = before.waits < MAX_WAITS;
    if (!(await claimDirectory(records, { rule, run, lane: 'messages' }, isRunning))) {
      return { ...before, owed: marks.length, next: mayWait ? 'wait' : 'report', waits: before.waits + 1 };
    }
    const handled = await handleAll(dependencies, { rule, marks, remainingMs });
    // A record that cannot be read fails alone.
    const [failure] = handled.every((one) => 'error' in one) ? handled : [];
    if (failure !== undefined && 'error' in failure) throw failure.error;
    // A run of a later window waits for this one, so this one continues with its messages.
    const tried = new Set(marks.map(nameOf));
    const isNews = (await records.list(directoryAt.allOwed(rule))).some((mark) => !tried.has(nameOf(mark)));
    return summarise(before, handled, { mayWait, isNews });
  };

type Tried = Handled | { readonly error: RelayError } | { readonly isLate: true };

interface Mark {
  readonly key: string;
  readonly version: string;
}

const nameOf = ({ key, version }: Mark): string => `${key} ${version}`;

interface Work {
  readonly rule: string;
  readonly marks: readonly Mark[];
  readonly remainingMs: () => number;
}

const handleAll = async (
  { config, directoryOf, records, journal, now }: HeedMessagesDependencies,
  { rule, marks, remainingMs }: Work,
): Promise<readonly Tried[]> => {
  const settings = ruleOf(config, 'directory', rule);
  const ownership = (await records.read(directoryAt.ownership(rule)))?.record ?? NO_OWNERSHIP;
  const directory = await directoryOf(settings.connection);
  const work = async (session: DirectorySession): Promise<readonly Tried[]> => {
    const decide = createDecide(session, { relay: config.relay, rule, settings, ownership, now });
    const handle = createHandleEvent({ session, records, journal, rule, settings, ownership, decide, now });
    const events = await pMap(marks, async (mark) => ({ mark, ...(await turnOf(records, mark.key)) }), {
      concurrency: MAX_PEOPLE,
    });
    const endsAt = now() + MAX_TURN_MS;
    return pMap(
      events.toSorted((one, other) => (one.turn < other.turn ? -1 : 1)),
      async ({ mark, isLeaver }): Promise<Tried> => {
        const isLate = remainingMs() < MIN_REMAINING_MS || (!isLeaver && now() >= endsAt);
        return isLate ? { isLate } : attempt(handle, mark);
      },
      { concurrency: MAX_PEOPLE },
    );
  };
  return directory.session(work);
};

/**
 * Events that were not tried yet come first, of these leavers, and of these who arrived first. One that cannot be read
 * comes last.
 */
const turnOf = async (
  records: RemovableRecords,
  owedKey: string,
): Promise<{ readonly isLeaver: boolean; readonly turn: string }> => {
  try {
    const record = (await records.read(directoryAt.eventOf(owedKey)))?.record;
    const isLeaver = record?.event.said === 'left';
    const wasTried = record?.reason !== undefined;
    return { isLeaver, turn: `${wasTried ? 1 : 0} ${isLeaver ? 0 : 1} ${record?.event.at ?? ''}` };
  } catch {
    return { isLeaver: false, turn: '~' };
  }
};

const attempt = async (handle: HandleEvent, mark: Parameters<HandleEvent>[0]): Promise<Tried> => {
  try {
    return await handle(mark);
  } catch (thrown) {
    return { error: asRelayError(thrown, 'A message about a person') };
  }
};

const summarise = (
  { waits, counts: before, lines }: DirectoryHeeded,
  handled: readonly Tried[],
  { mayWait, isNews }: { readonly mayWait: boolean; readonly isNews: boolean },
): DirectoryHeeded => {
  const counts = { ...before };
  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const done = handled.filter((one) => 'status' in one);
  for (const { status, steps } of done)
    for (const name of [status, ...steps]) if (name !== 'owed' && name !== 'nothing') add(name);
  const news = done.flatMap(({ line }) => line ?? []);
  const errors = handled.flatMap((one) => ('error' in one ? [one.error] : []));
  const owed = handled.length - done.filter(({ status }) => status !== 'owed').length;
  // Events that stay owed for the same reason as before must not keep a run going.
  const isProgress = done.some(({ status, line }) => status !== 'owed' || line !== undefined);
  const isLate = isProgress && handled.some((one) => 'isLate' in one);
  const isBusy = mayWait && (done.some((one) => one.isBusy) || errors.some(({ retryable }) => retryable));
  return {
    next: isLate || isNews ? 'heed' : isBusy ? 'wait' : 'report',
    waits: isBusy && done.every(({ status }) => status === 'owed') ? waits + 1 : 0,
    ...{ counts, owed },
    lines: withinLimit([...new Set([...lines, ...news, ...errors.map(({ message }) => message)])]),
  };
};

const withinLimit = (lines: readonly string[]): string[] =>
  lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES - 1), MORE] : [...lines];
