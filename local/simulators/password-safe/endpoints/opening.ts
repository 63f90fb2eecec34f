import * as z from 'zod';
import { accessTo } from '../access.ts';
import type { AccountState } from '../account-state.ts';
import { type Call, integer, readFields, reasonText } from '../calls.ts';
import { type AccessPolicy, type AccessType, conditionsOf } from '../policies.ts';
import { forbidden, type Reply, refusal } from '../replies.ts';
import type { NewRequest } from '../requests.ts';
import type { Site, Subject } from '../site.ts';
import { readTicket, verifyTicket } from '../tickets.ts';
import type { KnownUser } from '../users.ts';

/** An enum that ignores case. */
export const word = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.string().transform((text, context): T[number] => {
    const found = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    context.addIssue(`must be one of ${words.join(', ')}`);
    return z.NEVER;
  });

export const minutes = integer.refine((value) => value >= 1 && value <= 525_600, 'must be from 1 to 525600');

/** The common fields of all calls that request access. */
export const requestFields = z.object({
  systemid: integer,
  accountid: integer,
  applicationid: integer.optional(),
  durationminutes: minutes,
  reason: reasonText,
  ticketsystemid: integer.optional(),
  ticketnumber: z.string().default(''),
});
export type RequestFields = z.infer<typeof requestFields>;

/** Authorisation applies to the pair, not to the account: a wrong `SystemID` is rejected like an unknown account. */
export const findRequestable = (
  site: Site,
  user: KnownUser,
  fields: { readonly systemid: number; readonly accountid: number },
): { readonly account: AccountState; readonly policy: AccessPolicy | null } | undefined => {
  const account = site.accounts.byId(fields.accountid);
  const access = account?.row.systemId === fields.systemid ? accessTo(site, user, account) : undefined;
  return account && access && { account, policy: access.policy };
};

const accountField = z.object({ accountid: integer });

export const bodySubject = (call: Call): Subject => {
  const read = readFields(call, accountField);
  return 'fields' in read ? { accountId: read.fields.accountid } : {};
};

/** Returns a sentence about the first rule of the account or its policy that a request violates. */
const findViolation = (
  { account: { row }, policy }: { readonly account: AccountState; readonly policy: AccessPolicy | null },
  fields: RequestFields,
  accessType: AccessType,
): string | undefined => {
  if (conditionsOf(policy, accessType) === undefined) return 'No access policy schedule allows this request.';
  if (fields.durationminutes > row.maximumReleaseMinutes) {
    return `DurationMinutes exceeds the maximum release duration of ${row.maximumReleaseMinutes} minutes.`;
  }
  if (accessType === 'App' && fields.applicationid === undefined) {
    return 'ApplicationID is required for access type App.';
  }
  if (policy?.requireReason && fields.reason.trim() === '') return 'A reason is required.';
  if (policy?.requireTicket && fields.ticketnumber === '') return 'A ticket number is required.';
  return undefined;
};

export type Wanted = Omit<NewRequest, 'rotateOnCheckIn' | 'conflictOption' | 'requestSetId'>;

/** Returns the request for these fields, or the response that rejects it. Asks the ticket server, if there is one. */
export const readWanted = async (
  site: Site,
  user: KnownUser,
  fields: RequestFields,
  accessType: AccessType,
): Promise<{ readonly wanted: Wanted } | { readonly refused: Reply }> => {
  const found = findRequestable(site, user, fields);
  if (found === undefined) return { refused: forbidden(4031, site.switches) };
  const violation = findViolation(found, fields, accessType);
  if (violation !== undefined) return { refused: refusal(400, violation) };
  const { account, policy } = found;
  const systemId = fields.ticketsystemid ?? policy?.ticketSystemId ?? undefined;
  const ticket = readTicket(site.ticketSystems, { systemId, number: fields.ticketnumber });
  if (typeof ticket === 'string') return { refused: refusal(400, ticket) };
  const minApprovers = conditionsOf(policy, accessType)?.minApprovers ?? 0;
  if ((policy?.approvers ?? 0) < minApprovers) return { refused: forbidden(4035, site.switches) };
  const unverified = await verifyTicket(site, user, ticket);
  if (unverified !== undefined) return { refused: unverified };
  return {
    wanted: {
      user,
      account,
      policy,
      accessType,
      ticket,
      applicationId: fields.applicationid ?? null,
      reason: fields.reason,
      durationMs: fields.durationminutes * 60_000,
    },
  };
};
