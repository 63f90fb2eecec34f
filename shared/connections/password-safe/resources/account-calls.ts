import * as z from 'zod';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import { pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/** Calls for the use of one managed account (reference: password-safe-api.md 2.2 and 2.6). */

/** Ends all requests for an account. False if the user may not. Repeatable. */
export const endRequests = async (session: Session, id: string): Promise<boolean> => {
  try {
    await session.send({
      method: 'POST',
      path: pathOf('ManagedAccounts', id, 'Requests', 'Terminate'),
      body: jsonBody({ Reason: 'The account is being deprovisioned.' }),
      idempotent: true,
      interpret: interpretCall,
      read: nothing,
    });
    return true;
  } catch (error) {
    if (error instanceof RelayError && error.name === 'PermissionMissing') return false;
    throw error;
  }
};

const policiesSchema = z.array(z.unknown());

/** Number of access policies under which this user could open a request for the account now. Repeatable. */
export const testAccess = async (session: Session, systemId: string, accountId: string): Promise<number> => {
  const { value } = await session.send({
    method: 'POST',
    path: 'AccessPolicies/Test',
    body: jsonBody({ SystemId: Number(systemId), AccountId: Number(accountId), DurationMinutes: 1 }),
    idempotent: true,
    interpret: interpretCall,
    read: json(policiesSchema),
  });
  return value.length;
};
