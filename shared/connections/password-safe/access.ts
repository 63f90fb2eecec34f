import type { Account } from '#shared/connections/password-safe/account.ts';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import type { AccessType } from '#shared/connections/password-safe/request-terms.ts';
import { readableIn, readableRows } from '#shared/connections/password-safe/rows.ts';
import { type PolicyRow, policyListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** What a request could be made for now, and on which conditions. */
export interface AccessOffer {
  readonly accessType: AccessType;
  /** How many people have to approve; 0 approves at once. */
  readonly minApprovers: number;
  readonly requiresTicket: boolean;
  /** The vault's default ticket system when it names none. */
  readonly ticketSystemId?: number | undefined;
}

/**
 * What a request for the account and so many minutes could be made for now: one offer for each kind of access of each
 * schedule, none when nothing allows it at this time. Raises `NotRequestable` for an account that is not the user's to ask
 * for. Opens nothing; repeatable.
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
    // It only asks.
    idempotent: true,
    interpret: interpretCall,
    read: json(policyListSchema),
  });
  const offers = readableIn(value.listed).flatMap(toOffers);
  // What can't be read may offer what the others do not.
  return offers.length > 0 ? offers : readableRows(session.connection, `POST ${path}`, value).flatMap(toOffers);
};

/** Kinds of access that we don't know are nothing that we could ask for. */
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
