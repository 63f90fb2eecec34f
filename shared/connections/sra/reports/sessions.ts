import { readReport } from '#shared/connections/sra/reports/report.ts';
import { childOf, type XmlElement } from '#shared/connections/sra/reports/xml.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { RelayError } from '#shared/errors.ts';

/** Sessions of people with a target, which can use a credential of the Vault. */

interface ReportedSession {
  readonly sessionId: string;
  readonly hasEnded: boolean;
}

/** Sessions in one question, so that it fits into an address. */
const MAX_SESSIONS = 40;

/** The same report under the names of both products. */
const REPORT_NAMES = ['AccessSession', 'SupportSession'] as const;

const sessionIn = (row: XmlElement): ReportedSession | undefined => {
  const sessionId = row.attributes.get('lsid');
  if (sessionId === undefined || sessionId === '') return undefined;
  const end = childOf(row, 'end_time');
  const seconds = end?.attributes.get('timestamp') ?? '';
  return { sessionId, hasEnded: /^[1-9]\d{0,10}$/.test(seconds) || Number.isFinite(Date.parse(end?.text ?? '')) };
};

const isUnknownReport = (error: unknown): boolean => error instanceof RelayError && error.name === 'RequestRejected';

const readSessions = async (session: Session, ids: readonly string[]): Promise<readonly ReportedSession[]> => {
  const [first, second] = REPORT_NAMES;
  const read = (name: string) =>
    readReport(session, {
      name,
      query: { lsids: ids.join(',') },
      list: 'session_list',
      row: 'session',
      read: sessionIn,
    });
  try {
    return await read(first);
  } catch (error) {
    if (isUnknownReport(error)) return read(second);
    throw error;
  }
};

/**
 * Finds out which sessions have ended. A session that no report shows is missing from the result. Empty if the API
 * account may not read the report. Repeatable.
 */
export const readEnds = async (session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, boolean>> => {
  const ends = new Map<string, boolean>();
  for (let at = 0; at < ids.length; at += MAX_SESSIONS) {
    try {
      const found = await readSessions(session, ids.slice(at, at + MAX_SESSIONS));
      for (const { sessionId, hasEnded } of found) ends.set(sessionId, (ends.get(sessionId) ?? true) && hasEnded);
    } catch (error) {
      if (error instanceof RelayError && error.name === 'PermissionMissing') return new Map();
      throw error;
    }
  }
  return ends;
};
