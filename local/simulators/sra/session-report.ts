import type { Rows } from './activity-report.ts';
import { formatTime } from './replies.ts';
import { type ReportWindow, readWindow } from './report-windows.ts';
import type { Site } from './site.ts';
import type { Switches } from './switches.ts';
import type { TargetSession } from './target-sessions.ts';
import { element, leaf } from './xml.ts';

const DAY_MS = 86_400_000;

const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, '0');

const clockOf = (ms: number): string =>
  [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => twoDigits(part)).join(':');

const moment = (name: string, at: number): string =>
  leaf(name, formatTime(at, 'rfc3339') ?? '', { timestamp: Math.floor(at / 1000) });

const endOf = (endedAt: number | null, { runningEnd }: Switches): string[] => {
  if (endedAt !== null) return [moment('end_time', endedAt)];
  return runningEnd === 'empty' ? [element('end_time', {})] : [];
};

const row = ({ lsid, number, person, startedAt, endedAt }: TargetSession, { switches, now }: Site): string =>
  element('session', { lsid }, [
    leaf('session_type', 'access'),
    leaf('lseq', number),
    moment('start_time', startedAt),
    ...endOf(endedAt, switches),
    leaf('duration', clockOf((endedAt ?? now()) - startedAt)),
    leaf('primary_rep', person.displayName, { gsnumber: number, id: person.id }),
  ]);

const isWithin = (at: number | null, { from, to }: ReportWindow): boolean => at !== null && at >= from && at <= to;

type Filter = (session: TargetSession) => boolean;

/** By ids alone, or by a window of starts or of ends. */
const filterOf = (parameters: URLSearchParams, now: number): Filter | string => {
  const ids = parameters.get('lsids')?.split(',') ?? parameters.getAll('lsid');
  if (ids.length > 0) return ({ lsid }) => ids.includes(lsid);
  const window = readWindow(parameters, now);
  if (typeof window === 'string') return window;
  return ({ startedAt, endedAt }) => isWithin(window.ofEnds ? endedAt : startedAt, window);
};

/** Access sessions, including those that run if the window is about their starts. */
export const sessionRows = (site: Site, parameters: URLSearchParams): Rows => {
  const isWanted = filterOf(parameters, site.now());
  if (typeof isWanted === 'string') return isWanted;
  const oldest = site.now() - site.switches.retentionDays * DAY_MS;
  const rows = site.targetSessions.all
    .filter((session) => (session.endedAt ?? oldest) >= oldest && isWanted(session))
    .map((session) => row(session, site));
  return rows.length > 0 ? rows : 'No Support report information matching your chosen criteria is available.';
};
