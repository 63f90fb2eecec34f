import { interpretCall } from '#shared/clients/password-safe/errors.ts';
import { type PolicyRow, policyListSchema } from '#shared/clients/password-safe/schema.ts';
import type { Session } from '#shared/clients/password-safe/session.ts';
import type { AccessOffer } from '#shared/clients/password-safe/vault.ts';
import type { Account } from '#shared/domain/account.ts';
import { json } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** Asks what a request for the account could be made for now, and on which conditions. */
export const testAccess = async (
  session: Session,
  { systemId, accountId }: Pick<Account, 'systemId' | 'accountId'>,
  durationMinutes: number,
): Promise<readonly AccessOffer[]> => {
  const { value } = await session.send({
    method: 'POST',
    path: 'AccessPolicies/Test',
    body: jsonBody({ SystemId: systemId, AccountId: accountId, DurationMinutes: durationMinutes }),
    // It only asks.
    idempotent: true,
    interpret: interpretCall,
    read: json(policyListSchema),
  });
  return value.rows.flatMap(toOffers);
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
