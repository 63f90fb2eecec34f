import * as z from 'zod';
import { timeOf, unreadableIn, type VaultDate } from '#shared/connections/password-safe/dates.ts';
import { interpretCall, interpretChange, interpretTest } from '#shared/connections/password-safe/errors.ts';
import { date, int, optionalFlag, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { NamedAccount } from '#shared/connections/password-safe/user-names.ts';
import type { CredentialState } from '#shared/connections/rotation.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';

/**
 * Calls that change and test the credential of a managed account (reference: password-safe-api.md 2.3 and 2.6). A
 * change and a test need full control of the permission Password Safe Account Management, the others read access to it.
 */

/** An immediate change and a test log on to the target, which takes tens of seconds on live sites (reference: 2.3). */
const ON_TARGET_SECONDS = 120;

/**
 * Changes the credential of an account, or with `queue` leaves that to the change agent. Never repeated by the client:
 * a second call is a second change.
 */
export const changeCredential = async (
  session: Session,
  accountId: number,
  { queue }: { readonly queue: boolean },
): Promise<void> => {
  await session.send({
    method: 'POST',
    path: `ManagedAccounts/${accountId}/Credentials/Change`,
    body: jsonBody({ Queue: queue }),
    idempotent: false,
    interpret: interpretChange,
    read: nothing,
    ...(!queue && { timeoutSeconds: ON_TARGET_SECONDS }),
  });
};

const testSchema = z.object({ Success: z.boolean() });

/**
 * Logs on with the stored credential. False if the target refused it. Never repeated by the client: each failure counts
 * towards a lockout of the account.
 */
export const testCredential = async (session: Session, accountId: number): Promise<boolean> => {
  const { value } = await session.send({
    method: 'POST',
    path: `ManagedAccounts/${accountId}/Credentials/Test`,
    body: jsonBody({}),
    idempotent: false,
    interpret: interpretTest,
    read: json(testSchema),
    timeoutSeconds: ON_TARGET_SECONDS,
  });
  return value.Success;
};

const changingFields = z.object({
  /** 0 idle, 1 changing, 2 queued. */
  ChangeState: optionalInt,
  /** Sent by older versions instead. */
  IsChanging: optionalFlag,
});

/** `unknown` if the row has neither field. Any state that is not idle counts as changing. */
export const changingOf = ({ ChangeState, IsChanging }: z.output<typeof changingFields>): boolean | 'unknown' =>
  ChangeState === undefined && typeof IsChanging !== 'boolean'
    ? 'unknown'
    : IsChanging === true || (ChangeState ?? 0) !== 0;

/** State of a credential by the fields of a row. */
export const stateOf = (
  changing: boolean | 'unknown',
  changed: Pick<CredentialState, 'changedAt'> & { readonly unreadableDate?: string | undefined },
): CredentialState => ({
  changing,
  ...(changed.changedAt !== undefined && { changedAt: changed.changedAt }),
  ...(changed.unreadableDate !== undefined && { mark: changed.unreadableDate }),
});

/** Fields of an account that decide about its change. */
export const changeFields = z.object({
  ManagedAccountID: int,
  AccountName: text,
  DomainName: text,
  UserPrincipalName: text,
  SAMAccountName: text,
  DSSAutoManagementFlag: optionalFlag,
  /** Present for an account that is synced with another one. */
  ParentAccountID: optionalInt,
});

/** Facts about the change of an account. */
export interface ChangeFacts {
  readonly names: NamedAccount;
  readonly managesKey: boolean;
  /** The account itself, or the one with which it is synced. */
  readonly parentId: number;
}

export const changeFactsOf = (row: z.output<typeof changeFields>): ChangeFacts => ({
  names: {
    accountName: row.AccountName,
    domainName: row.DomainName,
    userPrincipalName: row.UserPrincipalName,
    samAccountName: row.SAMAccountName,
  },
  managesKey: row.DSSAutoManagementFlag === true,
  parentId: row.ParentAccountID ?? row.ManagedAccountID,
});

const accountRow = changeFields.extend({ ...changingFields.shape, LastChangeDate: date });

const stateOfDate = (changing: boolean | 'unknown', at: VaultDate | undefined): CredentialState =>
  stateOf(changing, { changedAt: timeOf(at), unreadableDate: unreadableIn(at) });

/** Reads the state of an account, and the facts about its change. Raises `NotFound`. Repeatable. */
export const readChangeState = async (
  session: Session,
  accountId: number,
): Promise<ChangeFacts & { readonly state: CredentialState }> => {
  const { value } = await session.send({
    method: 'GET',
    path: `ManagedAccounts/${accountId}`,
    idempotent: true,
    interpret: interpretCall,
    read: json(accountRow),
  });
  return { ...changeFactsOf(value), state: stateOfDate(changingOf(value), value.LastChangeDate) };
};
