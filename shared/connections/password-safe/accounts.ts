import type { Account, AccountType } from '#shared/connections/password-safe/account.ts';
import { timeOf, unreadableIn } from '#shared/connections/password-safe/dates.ts';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import { isNewRow, PAGE_SIZE, readPages } from '#shared/connections/password-safe/pages.ts';
import { oddIn, readableIn, rejectedAs } from '#shared/connections/password-safe/rows.ts';
import { type AccountRow, accountListSchema, workgroupListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** Accounts to list: one list per combination of type and workgroup. An empty array applies no filter. */
export interface AccountQuery {
  readonly types: readonly AccountType[];
  /** Globs over workgroup names. Names without a wildcard need no permission to list workgroups. */
  readonly workgroups: readonly string[];
  /** Name of a system to list the accounts of; all systems if omitted. */
  readonly system?: string | undefined;
}

/** One page of accounts. */
interface AccountPage {
  readonly accounts: readonly Account[];
  /** False if this page shows that accounts are missing or may be missing. */
  readonly complete: boolean;
  /** Unreadable rows. */
  readonly rejected: readonly Rejected[];
}

/** Filter of one of the lists of a query. */
interface Slice {
  readonly type: AccountType | undefined;
  readonly workgroup: string | undefined;
}

/** Lists the accounts of a query page by page. An account in several of the lists is returned once. Repeatable. */
export async function* listAccounts(session: Session, query: AccountQuery): AsyncIterable<AccountPage> {
  const seen = new Set<string>();
  const { names, rejected } = await resolveWorkgroups(session, query.workgroups);
  if (rejected.length > 0) yield { accounts: [], complete: false, rejected };
  for (const slice of slicesOf(query, names)) {
    for await (const { listed, complete } of readPages((offset) => fetchPage(session, slice, query.system, offset))) {
      const fresh = listed.filter((one) => isNewRow(seen, one));
      yield {
        accounts: readableIn(fresh).map((row) => toAccount(row, slice.workgroup)),
        complete,
        rejected: oddIn(fresh).map(rejectedAs(session.connection, 'An account')),
      };
    }
  }
}

const slicesOf = ({ types }: AccountQuery, workgroups: readonly string[]): readonly Slice[] =>
  orUndefined(types).flatMap((type) => orUndefined(workgroups).map((workgroup) => ({ type, workgroup })));

/** Omits a filter without choices from the call. */
const orUndefined = <T>(choices: readonly T[]): readonly (T | undefined)[] =>
  choices.length === 0 ? [undefined] : choices;

/** Uses plain names unchanged, because listing workgroups needs a permission that few users have. */
async function resolveWorkgroups(
  session: Session,
  globs: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly rejected: readonly Rejected[] }> {
  if (!globs.some((glob) => glob.startsWith('!') || glob.includes('*'))) return { names: globs, rejected: [] };
  const { value } = await session.send({
    method: 'GET',
    path: 'Workgroups',
    idempotent: true,
    interpret: interpretCall,
    read: json(workgroupListSchema),
  });
  const { listed } = value;
  const names = readableIn(listed)
    .map((row) => row.Name)
    .filter((name) => matchesGlobs(name, globs));
  // An empty array would apply no filter and list the accounts of every workgroup.
  if (names.length === 0) {
    throw new RelayError(
      'ConfigurationInvalid',
      `${session.connection}: select.workgroups (${globs.join(', ')}) matches none of the ${listed.length} workgroups that the user can see. Correct it in relay.yaml, or give the user access to the workgroups.`,
    );
  }
  return { names, rejected: oddIn(listed).map(rejectedAs(session.connection, 'A workgroup')) };
}

async function fetchPage(session: Session, { type, workgroup }: Slice, systemName: string | undefined, offset: number) {
  const { value } = await session.send({
    method: 'GET',
    path: 'ManagedAccounts',
    query: { type, workgroupName: workgroup, systemName, limit: PAGE_SIZE, offset },
    idempotent: true,
    interpret: interpretCall,
    read: json(accountListSchema),
  });
  return value;
}

/** Converts a row to an account. Rows have no workgroup: callers that filter by workgroup pass its name. */
export const toAccount = (row: AccountRow, workgroup = ''): Account => ({
  kind: 'account',
  systemId: row.SystemId,
  accountId: row.AccountId,
  systemName: row.SystemName,
  accountName: row.AccountName,
  domainName: row.DomainName,
  userPrincipalName: row.UserPrincipalName || undefined,
  workgroupName: workgroup,
  changedAt: timeOf(row.LastChangeDate),
  unreadableDate: unreadableIn(row.LastChangeDate),
  changing: row.IsChanging === true || (row.ChangeState ?? 0) !== 0,
  applicationId: row.ApplicationID,
  maximumReleaseMinutes: row.MaximumReleaseDuration,
  isaAccess: row.IsISAAccess === true,
});
