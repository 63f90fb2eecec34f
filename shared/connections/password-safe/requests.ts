import { atOf } from '#shared/connections/password-safe/dates.ts';
import { interpretCall, interpretCheckIn } from '#shared/connections/password-safe/errors.ts';
import type { AccessType, RequestTerms } from '#shared/connections/password-safe/request-terms.ts';
import { type OnUnreadable, readableRows } from '#shared/connections/password-safe/rows.ts';
import { type RequestRow, requestIdSchema, requestListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

interface OpenedRequest {
  readonly requestId: number;
  /** True for a 200: somebody else opened it (another run of ours, too). Read it, never check it in. */
  readonly reused: boolean;
}

/** A row of the vault's list of open requests of ours. */
export interface OpenRequest {
  readonly requestId: number;
  readonly systemId?: number | undefined;
  readonly accountId?: number | undefined;
  /** Of a request that was made for an alias. */
  readonly aliasId?: number | undefined;
  readonly status: 'pending' | 'active';
  /** Undefined for a kind of access that we don't know. */
  readonly accessType: AccessType | undefined;
  readonly reason: string;
  /** UTC ISO 8601, when the vault says it. */
  readonly createdAt: string | undefined;
  readonly expiresAt: string | undefined;
}

/** Asks for a request. Never repeated by the client. */
export const openRequest = async (session: Session, terms: RequestTerms): Promise<OpenedRequest> => {
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

/**
 * Gives a request back; one that is gone already counts as given back. `at` is the vault's own clock at the answer, UTC ISO
 * 8601, from its `Date` header; undefined when it sent none. Repeatable.
 */
export const checkIn = async (
  session: Session,
  requestId: number,
  reason: string,
): Promise<{ readonly at: string | undefined }> => {
  const { at } = await session.send({
    method: 'PUT',
    path: `Requests/${requestId}/Checkin`,
    body: jsonBody({ Reason: reason }),
    idempotent: true,
    interpret: interpretCheckIn,
    read: nothing,
  });
  return { at };
};

/** Lists this user's pending and active requests; {@link readableRows} says what becomes of one that can't be read. Repeatable. */
export const listOpenRequests = async (
  session: Session,
  onUnreadable?: OnUnreadable,
): Promise<readonly OpenRequest[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: 'Requests',
    query: { status: 'all', queue: 'req' },
    idempotent: true,
    interpret: interpretCall,
    read: json(requestListSchema),
  });
  return readableRows(session.connection, 'GET Requests', value, onUnreadable).map(toOpenRequest);
};

const toOpenRequest = (row: RequestRow): OpenRequest => ({
  requestId: row.RequestID,
  systemId: row.SystemID,
  accountId: row.AccountID,
  aliasId: row.AliasID,
  status: isPending(row) ? 'pending' : 'active',
  accessType: row.AccessType,
  reason: row.Reason,
  createdAt: atOf(row.RequestReleaseDate),
  expiresAt: atOf(row.ExpiresDate),
});

/** By its status where the vault says it; a request without an approval date waits for its approval. */
const isPending = ({ Status, ApprovedDate }: RequestRow): boolean =>
  Status === '' ? ApprovedDate === undefined : /pending/i.test(Status);
