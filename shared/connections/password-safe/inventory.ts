import * as z from 'zod';
import { type ChangeFacts, changeFactsOf, changeFields } from '#shared/connections/password-safe/changes.ts';
import { interpreter } from '#shared/connections/password-safe/errors.ts';
import { int, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { PAGE_SIZE, readPages } from '#shared/connections/password-safe/pages.ts';
import { listOf, readableIn, readableRows } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** Managed systems, their accounts and functional accounts (reference: password-safe-api.md 2.6). All repeatable. */

const interpretRead = (permission: string) =>
  interpreter(({ status }) =>
    status === 403
      ? ['PermissionMissing', `Give the group of the user read access to the permission ${permission}.`]
      : undefined,
  );
const interpretSystems = interpretRead('Password Safe System Management');
const interpretAccounts = interpretRead('Password Safe Account Management');

const systemRow = z
  .object({
    ManagedSystemID: int,
    LoginAccountID: optionalInt,
    FunctionalAccountID: optionalInt,
    DSSKeyRuleID: optionalInt,
  })
  .transform((row) => ({
    systemId: row.ManagedSystemID,
    loginAccountId: row.LoginAccountID,
    functionalAccountId: row.FunctionalAccountID,
    /** 0 is the default rule. Undefined if the vault sends none. */
    keyRule: row.DSSKeyRuleID,
  }));
export type System = z.output<typeof systemRow>;
const systemRows = listOf(systemRow, ['ManagedSystemID']);

/** Reads one system. Raises `NotFound` and `PermissionMissing`. */
export const readSystem = async (session: Session, systemId: number): Promise<System> => {
  const { value } = await session.send({
    method: 'GET',
    path: `ManagedSystems/${systemId}`,
    idempotent: true,
    interpret: interpretSystems,
    read: json(systemRow),
  });
  return value;
};

/** Lists the readable systems. Raises `PermissionMissing`. */
export const listSystems = async (session: Session): Promise<readonly System[]> => {
  const pages = readPages(async (offset) => {
    const { value } = await session.send({
      method: 'GET',
      path: 'ManagedSystems',
      query: { limit: PAGE_SIZE, offset },
      idempotent: true,
      interpret: interpretSystems,
      read: json(systemRows),
    });
    return value;
  });
  const systems: System[] = [];
  for await (const { listed } of pages) systems.push(...readableIn(listed));
  return systems;
};

const functionalAccountRow = z
  .object({ FunctionalAccountID: int, AccountName: text, DomainName: text })
  .transform((row) => ({ id: row.FunctionalAccountID, name: row.AccountName, domain: row.DomainName }));
export type FunctionalAccount = z.output<typeof functionalAccountRow>;

/** Lists the accounts with which the vault changes others. Raises `PermissionMissing`, and `AnswerMalformed`. */
export const listFunctionalAccounts = async (session: Session): Promise<readonly FunctionalAccount[]> => {
  const path = 'FunctionalAccounts';
  const { value } = await session.send({
    method: 'GET',
    path,
    idempotent: true,
    interpret: interpretAccounts,
    read: json(listOf(functionalAccountRow, ['FunctionalAccountID'])),
  });
  return readableRows(session.connection, `GET ${path}`, value);
};

const accountRow = changeFields.transform((row) => ({ accountId: row.ManagedAccountID, ...changeFactsOf(row) }));
export type ListedFacts = ChangeFacts & { readonly accountId: number };

/** Lists the readable accounts of a system. Raises `NotFound` and `PermissionMissing`. */
export const listAccountsOf = async (session: Session, systemId: number): Promise<readonly ListedFacts[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: `ManagedSystems/${systemId}/ManagedAccounts`,
    idempotent: true,
    interpret: interpretAccounts,
    read: json(listOf(accountRow, ['ManagedAccountID'])),
  });
  return readableIn(value.listed);
};

/** Reads one account. Raises `NotFound` and `PermissionMissing`. */
export const readAccount = async (session: Session, accountId: number): Promise<ListedFacts> => {
  const { value } = await session.send({
    method: 'GET',
    path: `ManagedAccounts/${accountId}`,
    idempotent: true,
    interpret: interpretAccounts,
    read: json(accountRow),
  });
  return value;
};

/** Errors that say that the vault does not show something, and that a repetition would not change. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['PermissionMissing', 'NotFound', 'AnswerMalformed']);

/** Result of a read, or the error for which the vault does not show it. Any other error is raised. */
export const shown = async <T>(read: Promise<T>): Promise<T | RelayError> =>
  read.catch((error: unknown) => {
    if (error instanceof RelayError && NOT_SHOWN.has(error.name)) return error;
    throw error;
  });
