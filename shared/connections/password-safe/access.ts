import type { Account } from '#shared/connections/password-safe/account.ts';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import type { AccessType } from '#shared/connections/password-safe/request-terms.ts';
import { readableIn, readableRows } from '#shared/connections/password-safe/rows.ts';
import { type PolicyRow, policyListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** One access type that a request can be made for now, and its conditions. */
export interface AccessOffer {
  readonly accessType: AccessType;
  /** Number of required approvals; 0 means automatic approval. */
  readonly minApprovers: number;
  readonly requiresTicket: boolean;
  /** Undefined for the vault's default ticket system. */
  readonly ticketSystemId?: number | undefined;
}

/**
 * Returns the offers for a request of the account and duration now: one per access type and schedule, none if no policy
 * allows a request at this time. Raises `NotRequestable` if the user may not request the account. Opens no request;
 * repeatable.
 */
export const testAccess = async (
  session: Session,
  { systemId, accountId }: Pick<Account, 'systemId' | 'accountId'>,
  durationMinutes: number,
): Promise<readonly AccessOffer[]> => {
  const path = 'AccessPolicies/Test';
  const { value } = await session.send({
    method: 'POST',
    path,
    body: jsonBody({ SystemId: systemId, AccountId: accountId, DurationMinutes: durationMinutes }),
    // A test opens no request.
    idempotent: true,
    interpret: interpretCall,
    read: json(policyListSchema),
  });
  const offers = readableIn(value.listed).flatMap(toOffers);
  // An unreadable policy may contain the only offer, so it is an error if no readable policy has one.
  return offers.length > 0 ? offers : readableRows(session.connection, `POST ${path}`, value).flatMap(toOffers);
};

/** Skips access types that the relay does not support. */
const toOffers = ({ Schedules }: PolicyRow): AccessOffer[] =>
  Schedules.flatMap(({ AccessTypes, RequireTicketSystem, TicketSystemID }) =>
    AccessTypes.flatMap(({ AccessType, MinApprovers }) =>
      AccessType === undefined
        ? []
        : [
            {
              accessType: AccessType,
              minApprovers: MinApprovers,
              requiresTicket: RequireTicketSystem,
              ticketSystemId: TicketSystemID,
            },
          ],
    ),
  );
