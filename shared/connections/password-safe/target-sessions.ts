import type { SessionType } from '#shared/connections/password-safe/delivered.ts';
import {
  interpretCredential,
  interpretIsa,
  interpretSessionList,
  interpretTerminate,
} from '#shared/connections/password-safe/errors.ts';
import { readFile, readTicket, type SessionGrant } from '#shared/connections/password-safe/grants.ts';
import type { IsaTerms } from '#shared/connections/password-safe/isa.ts';
import { type OnUnreadable, readableRows } from '#shared/connections/password-safe/rows.ts';
import { type SessionRow, sessionListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json, nothing, type Reader } from '#shared/http/answer.ts';
import { emptyBody, jsonBody } from '#shared/http/request.ts';

/** A session that has not ended. A locked or disconnected one can continue. */
export interface OpenSession {
  readonly sessionId: number;
  readonly systemId?: number | undefined;
  readonly accountId?: number | undefined;
  /** Absent in older versions, and for a session through the ISA role. */
  readonly requestId?: number | undefined;
  readonly status: 'not-started' | 'in-progress' | 'locked' | 'disconnected';
}

/** Word of the vault for each kind of session, and the reader of its answer (reference: 2.5). */
const KINDS: Readonly<Record<SessionType, readonly [word: string, read: Reader<SessionGrant>]>> = {
  'ssh-ticket': ['sshticket', readTicket],
  'rdp-ticket': ['rdpticket', readTicket],
  'rdp-file': ['rdpfile', readFile],
  application: ['app', readTicket],
  'application-file': ['appfile', readFile],
};

/** Statuses of sessions that have not ended, by the numbers of the vault. */
const OPEN_STATUSES: ReadonlyMap<number, OpenSession['status']> = new Map([
  [0, 'not-started'],
  [1, 'in-progress'],
  [5, 'locked'],
  [9, 'disconnected'],
]);

/**
 * Opens a session under an active request of the matching access type. Raises `ApprovalPending` or `LeaseGone`,
 * depending on the state of the request. Every call issues another ticket, so it is never repeated; a lost ticket
 * becomes void when the request ends or its session is terminated.
 */
export const openSession = async (session: Session, requestId: number, type: SessionType): Promise<SessionGrant> => {
  const [word, read] = KINDS[type];
  const { value } = await session.send({
    method: 'POST',
    path: `Requests/${requestId}/Sessions`,
    body: jsonBody({ SessionType: word }),
    idempotent: false,
    interpret: interpretCredential,
    read,
  });
  return value;
};

/**
 * Opens a session through the ISA role, without approval or check-in. It ends after its duration, or by {@link
 * terminateSession}. Never repeated, like {@link openSession}.
 */
export const openIsaSession = async (
  session: Session,
  { systemId, accountId, applicationId, durationMinutes, reason }: IsaTerms,
  type: SessionType,
): Promise<SessionGrant> => {
  const [word, read] = KINDS[type];
  const { value } = await session.send({
    method: 'POST',
    path: 'ISASessions',
    body: jsonBody({
      SessionType: word,
      SystemID: systemId,
      AccountID: accountId,
      ApplicationID: applicationId,
      DurationMinutes: durationMinutes,
      Reason: reason,
    }),
    idempotent: false,
    interpret: interpretIsa,
    read,
  });
  return value;
};

/**
 * Lists the sessions of all users visible to this one that have not ended. {@link readableRows} handles unreadable
 * rows. Repeatable.
 */
export const listSessions = async (session: Session, onUnreadable?: OnUnreadable): Promise<readonly OpenSession[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: 'Sessions',
    query: { status: [...OPEN_STATUSES.keys()].join(',') },
    idempotent: true,
    interpret: interpretSessionList,
    read: json(sessionListSchema),
  });
  return readableRows(session.connection, 'GET Sessions', value, onUnreadable).flatMap(toOpenSession);
};

/** Checks the status again, because a server that ignores the filter returns all past sessions as well. */
const toOpenSession = (row: SessionRow): OpenSession[] => {
  const status = OPEN_STATUSES.get(row.Status);
  if (status === undefined) return [];
  return [
    {
      sessionId: row.SessionID,
      systemId: row.ManagedSystemID,
      accountId: row.ManagedAccountID,
      requestId: row.RequestID,
      status,
    },
  ];
};

/** Ends a session; false if it had already ended. Needs a permission that requestors lack. Repeatable. */
export const terminateSession = async (session: Session, sessionId: number): Promise<boolean> => {
  const { status } = await session.send({
    method: 'POST',
    path: `Sessions/${sessionId}/Terminate`,
    body: emptyBody,
    idempotent: true,
    interpret: interpretTerminate,
    read: nothing,
  });
  return status !== 404;
};
