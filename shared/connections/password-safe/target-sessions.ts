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

/** A session that is not over. A locked or disconnected one may go on. */
export interface OpenSession {
  readonly sessionId: number;
  readonly systemId?: number | undefined;
  readonly accountId?: number | undefined;
  /** Older versions do not tell it, and a session by the ISA role has none. */
  readonly requestId?: number | undefined;
  readonly status: 'not-started' | 'in-progress' | 'locked' | 'disconnected';
}

/** Each kind of session in the vault's word for it, and what it is answered with (reference: 2.5). */
const KINDS: Readonly<Record<SessionType, readonly [word: string, read: Reader<SessionGrant>]>> = {
  'ssh-ticket': ['sshticket', readTicket],
  'rdp-ticket': ['rdpticket', readTicket],
  'rdp-file': ['rdpfile', readFile],
  application: ['app', readTicket],
  'application-file': ['appfile', readFile],
};

/** What is not over yet, by the numbers of the vault. */
const OPEN_STATUSES: ReadonlyMap<number, OpenSession['status']> = new Map([
  [0, 'not-started'],
  [1, 'in-progress'],
  [5, 'locked'],
  [9, 'disconnected'],
]);

/**
 * Opens a session by an active request, whose access has to be for this kind of session. Raises `ApprovalPending` and
 * `LeaseGone` by the state of the request. Every call makes another ticket, so it is never repeated; a ticket that got lost
 * is void once the request has ended, or its session was terminated.
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
 * Opens a session by the ISA role: no approval and no request to give back, so it ends with its duration or by
 * {@link terminateSession}. Never repeated, as {@link openSession}.
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
 * Lists the sessions that are not over, of all users whom this one may see; {@link readableRows} says what becomes of one that
 * can't be read. Repeatable.
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

/** The status is looked at here, too: a server that ignores the filter shows everything that ever was. */
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

/** Ends a session; false when it was over already. Needs a permission that requestors lack. Repeatable. */
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
