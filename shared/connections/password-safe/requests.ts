import { timeOf } from '#shared/connections/password-safe/dates.ts';
import { interpretCall, interpretCheckIn, interpretTicketedRequest } from '#shared/connections/password-safe/errors.ts';
import type { AccessType, RequestTerms } from '#shared/connections/password-safe/request-terms.ts';
import { type OnUnreadable, readableRows } from '#shared/connections/password-safe/rows.ts';
import { type RequestRow, requestIdSchema, requestListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

interface OpenedRequest {
  readonly requestId: number;
  /** True for a 200: the request was already open, possibly from another run. Read under it, never check it in. */
  readonly reused: boolean;
  /** Time of the answer by the vault's clock, UTC ISO 8601, from its `Date` header; undefined without that header. */
  readonly at: string | undefined;
}

/** A row of the vault's list of this user's open requests. */
export interface OpenRequest {
  readonly requestId: number;
  readonly systemId?: number | undefined;
  readonly accountId?: number | undefined;
  /** Present for a request that was made for an alias. */
  readonly aliasId?: number | undefined;
  readonly status: 'pending' | 'active';
  /** Undefined for an unknown access type. */
  readonly accessType: AccessType | undefined;
  readonly reason: string;
  /** UTC ISO 8601; undefined if the vault does not send it. */
  readonly createdAt: string | undefined;
  readonly expiresAt: string | undefined;
}

/**
 * Opens a request. Never repeated by the client. Raises `TicketRefused` or `TicketUnverified` if the vault
 * verifies the ticket and does not accept it; with neither does it open anything. The verification can outlast the
 * time-out of the call, after which the vault still opens the request: it is found by its reason.
 */
export const openRequest = async (session: Session, terms: RequestTerms): Promise<OpenedRequest> => {
  const { status, value, at } = await session.send({
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
      // If omitted, an open request is a conflict. The third option, `renew`, would cancel a request that other runs
      // still read under.
      ConflictOption: terms.whenOpen === 'share' ? 'reuse' : undefined,
      // Defaults to true in the vault.
      RotateOnCheckin: terms.rotateOnCheckIn,
    }),
    idempotent: false,
    interpret: terms.ticket === undefined ? interpretCall : interpretTicketedRequest(terms.ticket),
    read: json(requestIdSchema),
  });
  return { requestId: value, reused: status !== 201, at };
};

/**
 * Checks in a request; one that has already ended counts as checked in. `at` is the time of the answer by the vault's
 * clock, UTC ISO 8601, from its `Date` header; undefined without that header. Repeatable.
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

/** Lists this user's pending and active requests. {@link readableRows} handles unreadable rows. Repeatable. */
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
  createdAt: timeOf(row.RequestReleaseDate),
  expiresAt: timeOf(row.ExpiresDate),
});

/** Uses the status if the vault sends one; otherwise a request without an approval date is pending. */
const isPending = ({ Status, ApprovedDate }: RequestRow): boolean =>
  Status === '' ? ApprovedDate === undefined : /pending/i.test(Status);
