import { createReport, type Measured } from '#functions/export/report/report.ts';
import { createSweep } from '#functions/export/sweep/sweep.ts';
import type { EventLog, LoggedEvent } from '#shared/connections/event-log.ts';
import { sortableDate } from '#shared/domain/export/dates.ts';
import { RelayError } from '#shared/errors.ts';
import type { EventFiles } from '#shared/records/event-files.ts';
import type { Records } from '#shared/records/records.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { ExportReported, ExportStepInput, Swept } from '#shared/workflows/export.ts';
import { anExportConfig } from '#test/support/configs.ts';
import { memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';

/** An event of the model, and when the server begins to show it, in epoch milliseconds. */
export interface ModelEvent extends LoggedEvent {
  readonly visibleAt: number;
  /** True if the server shows its date in another form. It is in its place all the same. */
  readonly isUnreadable?: boolean;
}

export interface ModelLogOptions {
  readonly events: readonly ModelEvent[];
  readonly pageSize: number;
  /** See {@link EventLog}. Tokens of such a log mean "older than this date". */
  readonly losesTies: boolean;
  /** Every so many pages of a chain of tokens are empty, with a token. */
  readonly emptyEvery?: number;
  readonly now: () => number;
}

/** A log as servers have it: newest first, both ends inclusive, later pages by token. */
export const createModelLog = (options: ModelLogOptions): EventLog & { readonly calls: () => number } => {
  const { events, pageSize, losesTies, emptyEvery = 0, now } = options;
  const sorted = events
    .map((event, id) => ({ event, id, at: sortableDate(event.date) }))
    .toSorted((one, other) => (one.at === other.at ? one.id - other.id : one.at < other.at ? 1 : -1));
  let calls = 0;
  return {
    calls: () => calls,
    maxWindowMs: 366 * 86_400_000,
    losesTies,
    async page({ from, to }, next) {
      calls++;
      const [start, end] = [sortableDate(from), sortableDate(to)];
      const [kind, position = ''] = next?.split('|') ?? [];
      const isLeft = ({ at, id }: (typeof sorted)[number]): boolean => {
        if (kind === undefined || position === '') return true;
        const [date = '', last = ''] = position.split('#');
        return at < date || (!losesTies && at === date && id > Number(last));
      };
      const visible = sorted.filter(
        (row) => row.at >= start && row.at <= end && row.event.visibleAt <= now() && isLeft(row),
      );
      if (emptyEvery > 0 && calls % emptyEvery === 0 && kind !== 'empty') {
        return { events: [], unreadable: [], next: `empty|${position}` };
      }
      const page = visible.slice(0, pageSize);
      const last = page.at(-1);
      return {
        events: page.flatMap(({ event: { date, content, isUnreadable } }) => (isUnreadable ? [] : [{ date, content }])),
        unreadable: page.flatMap(({ event: { content, isUnreadable } }) => (isUnreadable ? [content] : [])),
        ...(visible.length > pageSize && last !== undefined && { next: `page|${last.at}#${last.id}` }),
      };
    },
  };
};

/** An error of the process itself: its call may have taken effect or not. */
class Death extends Error {}

/** Decides at each call to the outside whether the process dies, before the call or after it. */
export type Fate = () => 'lives' | 'before' | 'after';

const mortal =
  (fate: Fate) =>
  async <T>(call: () => Promise<T>): Promise<T> => {
    const what = fate();
    if (what === 'before') throw new Death();
    const result = await call();
    if (what === 'after') throw new Death();
    return result;
  };

export interface ExportWorldOptions {
  readonly log: EventLog;
  readonly now: () => number;
  readonly fate?: Fate;
  /** Milliseconds that an invocation has left, by the number of the question. Default: enough. */
  readonly remainingMs?: () => number;
  /** Settings of the rule. */
  readonly rule?: Record<string, unknown>;
  readonly files?: EventFiles;
  readonly records?: Pick<Records, 'read' | 'write'>;
}

/** Exports over a bucket in memory. */
export const createExportWorld = (options: ExportWorldOptions) => {
  const { log, now, fate = () => 'lives', remainingMs = () => 900_000 } = options;
  const run = mortal(fate);
  const shared = memorySharedRecords();
  const plain = memoryRecords();
  const objects = new Map<string, string>();
  const files: EventFiles = options.files ?? {
    async create(key, lines) {
      if (objects.has(key)) return false;
      objects.set(key, lines);
      return true;
    },
    read: async (key) => objects.get(key),
  };
  const cursors: SharedRecords = {
    read: (place) => run(() => shared.read(place)),
    replace: (place, record, expected) => run(() => shared.replace(place, record, expected)),
  };
  const records: Pick<Records, 'read' | 'write'> = {
    read: (place) => run(() => (options.records ?? plain).read(place)),
    write: (place, record) => run(() => (options.records ?? plain).write(place, record)),
  };
  const measured: Measured[] = [];
  let ids = 0;
  const config = anExportConfig({ startFromDays: 2, resweep: { days: 3 }, ...options.rule });
  const sweep = createSweep({
    config,
    withEvents: (_connection, work) => work({ ...log, page: (window, next) => run(() => log.page(window, next)) }),
    ...{ cursors, records, now },
    files: {
      create: (key, lines) => run(() => files.create(key, lines)),
      read: (key) => run(() => files.read(key)),
    },
    newId: () => `invocation-${++ids}`,
  });
  const report = createReport({
    ...{ cursors, records, now },
    measure: async (_rule, measures) => void measured.push(measures),
  });

  const inputOf = (name: string): ExportStepInput => ({ workflow: 'export', rule: 'audit', run: `audit.${name}` });
  /** Repeats a step until it lives. */
  const retried = async <T>(step: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await step();
      } catch (thrown) {
        if (!(thrown instanceof Death) && !(thrown instanceof RelayError && thrown.retryable)) throw thrown;
      }
    }
  };

  return {
    objects,
    measured,
    shared,
    index: plain.objects,
    sweep: (name: string, swept?: Swept) => sweep({ ...inputOf(name), ...(swept && { swept }) }, { remainingMs }),
    report: (name: string, swept?: Swept) => report({ ...inputOf(name), ...(swept && { swept }) }),
    /** A whole run, as the state machine plays it. */
    async play(name: string): Promise<ExportReported> {
      let swept: Swept | undefined;
      do {
        const before: Swept | undefined = swept;
        swept = await retried(() => sweep({ ...inputOf(name), ...(before && { swept: before }) }, { remainingMs }));
      } while (swept.next === 'again');
      const last = swept;
      return retried(() => report({ ...inputOf(name), swept: last }));
    },
    /** All exported lines, in the order of their files. */
    lines: (kind: 'day' | 'unreadable' = 'day'): string[] =>
      [...objects]
        .filter(([key]) => key.startsWith(`events/audit/${kind}`))
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([, text]) => text.split('\n').filter((line) => line !== '')),
  };
};
