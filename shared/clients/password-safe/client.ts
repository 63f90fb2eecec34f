import { testAccess } from '#shared/clients/password-safe/access.ts';
import { listAccounts } from '#shared/clients/password-safe/accounts.ts';
import { listAliases, readAliasCredential } from '#shared/clients/password-safe/aliases.ts';
import { readCredential } from '#shared/clients/password-safe/credentials.ts';
import { interpretCall, interpretCheckIn } from '#shared/clients/password-safe/errors.ts';
import { readAsIsa } from '#shared/clients/password-safe/isa.ts';
import { findAccount } from '#shared/clients/password-safe/look-up.ts';
import { type RequestRow, requestIdSchema, requestListSchema } from '#shared/clients/password-safe/schema.ts';
import { openSecretsSafe } from '#shared/clients/password-safe/secrets-safe.ts';
import { type Session, type SessionOptions, withSession } from '#shared/clients/password-safe/session.ts';
import {
  listSessions,
  openIsaSession,
  openSession,
  terminateSession,
} from '#shared/clients/password-safe/target-sessions.ts';
import type { CheckInResult, OpenedRequest, OpenRequest, Vault } from '#shared/clients/password-safe/vault.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** A Password Safe as a vault. Facts about its API: reference password-safe-api.md. */
export const createPasswordSafe = (options: SessionOptions): Vault => ({
  withSession: (work) =>
    withSession(options, (session) =>
      work({
        listAccounts: (query) => listAccounts(session, query),
        listAliases: () => listAliases(session),
        openRequest: (terms) => openRequest(session, terms),
        readCredential: (requestId, { kind = 'password', alias } = {}) =>
          alias === undefined
            ? readCredential(session, requestId, kind)
            : readAliasCredential(session, requestId, alias, kind),
        readAsIsa: (terms, kind) => readAsIsa(session, terms, kind),
        checkIn: (requestId, reason) => checkIn(session, requestId, reason),
        listOpenRequests: () => listOpenRequests(session),
        findAccount: (systemName, accountName) => findAccount(session, systemName, accountName),
        testAccess: (account, durationMinutes) => testAccess(session, account, durationMinutes),
        openSession: (requestId, type) => openSession(session, requestId, type),
        openIsaSession: (terms, type) => openIsaSession(session, terms, type),
        listSessions: () => listSessions(session),
        terminateSession: (sessionId) => terminateSession(session, sessionId),
        secretsSafe: openSecretsSafe(session),
      }),
    ),
});

const openRequest = async (session: Session, terms: RequestTerms): Promise<OpenedRequest> => {
  const { status, value } = await session.send({
    method: 'POST',
    path: terms.aliasId === undefined ? 'Requests' : `Aliases/${terms.aliasId}/Requests`,
    body: jsonBody({
      AccessType: terms.accessType,
      ...(terms.aliasId === undefined && {
        SystemID: terms.systemId,
        AccountID: terms.accountId,
        ApplicationID: terms.applicationId,
      }),
      DurationMinutes: terms.durationMinutes,
      Reason: terms.reason,
      TicketSystemID: terms.ticket?.systemId,
      TicketNumber: terms.ticket?.number,
      // Left out, an open request is a conflict. The third choice, `renew`, would cancel what others of us still read.
      ConflictOption: terms.whenOpen === 'share' ? 'reuse' : undefined,
      // Left out it means true.
      RotateOnCheckin: terms.rotateOnCheckIn,
    }),
    idempotent: false,
    interpret: interpretCall,
    read: json(requestIdSchema),
  });
  return { requestId: value, reused: status !== 201 };
};

const checkIn = async (session: Session, requestId: number, reason: string): Promise<CheckInResult> => {
  const { status, at } = await session.send({
    method: 'PUT',
    path: `Requests/${requestId}/Checkin`,
    body: jsonBody({ Reason: reason }),
    idempotent: true,
    interpret: interpretCheckIn,
    read: nothing,
  });
  return { gone: status === 404, at };
};

const listOpenRequests = async (session: Session): Promise<readonly OpenRequest[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: 'Requests',
    query: { status: 'all', queue: 'req' },
    idempotent: true,
    interpret: interpretCall,
    read: json(requestListSchema),
  });
  return value.rows.map(toOpenRequest);
};

const toOpenRequest = (row: RequestRow): OpenRequest => ({
  requestId: row.RequestID,
  systemId: row.SystemID,
  accountId: row.AccountID,
  aliasId: row.AliasID,
  status: isPending(row) ? 'pending' : 'active',
  accessType: row.AccessType,
  reason: row.Reason,
  createdAt: row.RequestReleaseDate,
  expiresAt: row.ExpiresDate,
});

/** By its status where the vault says it; a request without an approval date waits for its approval. */
const isPending = ({ Status, ApprovedDate }: RequestRow): boolean =>
  Status === '' ? ApprovedDate === undefined : /pending/i.test(Status);
