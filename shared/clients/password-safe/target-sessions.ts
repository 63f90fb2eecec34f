import {
  interpretCredential,
  interpretIsa,
  interpretSessionList,
  interpretTerminate,
} from '#shared/clients/password-safe/errors.ts';
import { readFile, readTicket } from '#shared/clients/password-safe/grants.ts';
import { type SessionRow, sessionListSchema } from '#shared/clients/password-safe/schema.ts';
import type { Session } from '#shared/clients/password-safe/session.ts';
import type { OpenSession, SessionGrant, SessionType } from '#shared/clients/password-safe/vault.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import { json, nothing, type Reader } from '#shared/http/answer.ts';
import { emptyBody, jsonBody } from '#shared/http/request.ts';

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

export const openIsaSession = async (
  session: Session,
  { systemId, accountId, applicationId, durationMinutes, reason }: RequestTerms,
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

export const listSessions = async (session: Session): Promise<readonly OpenSession[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: 'Sessions',
    query: { status: [...OPEN_STATUSES.keys()].join(',') },
    idempotent: true,
    interpret: interpretSessionList,
    read: json(sessionListSchema),
  });
  return value.rows.flatMap(toOpenSession);
};

/** The status is looked at here, too: a server that ignores the filter shows everything that ever was. */
const toOpenSession = (row: SessionRow): OpenSession[] => {
  const status = OPEN_STATUSES.get(row.Status);
  if (status === undefined) return [];
  return [{ sessionId: row.SessionID, accountId: row.ManagedAccountID, requestId: row.RequestID, status }];
};

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
