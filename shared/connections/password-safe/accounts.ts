import type { Account, AccountType } from '#shared/connections/password-safe/account.ts';
import { atOf, unreadableIn } from '#shared/connections/password-safe/dates.ts';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import { isNewRow, PAGE_SIZE, readPages } from '#shared/connections/password-safe/pages.ts';
import { oddIn, readableIn, rejectedAs } from '#shared/connections/password-safe/rows.ts';
import { type AccountRow, accountListSchema, workgroupListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** Which accounts to list: each entry of either list is asked for on its own, and an empty list asks for all. */
export interface AccountQuery {
  readonly types: readonly AccountType[];
  /** Globs over workgroup names; names without a wildcard need no permission to list workgroups. */
  readonly workgroups: readonly string[];
  /** Only the accounts of the system of this name; of all systems when left out. */
  readonly system?: string | undefined;
}

/** One page of accounts. */
interface AccountPage {
  readonly accounts: readonly Account[];
  /** False on the page that shows that the vault did not give us all of them, or may not have. */
  readonly complete: boolean;
  /** Rows that can't be read. */
  readonly rejected: readonly Rejected[];
}

/** One of the lists that a query is made of. */
interface Slice {
  readonly type: AccountType | undefined;
  readonly workgroup: string | undefined;
}

/** Lists the accounts of a query page by page, each account once, even when several of its lists show it. Repeatable. */
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

/** Nothing to choose from means that the choice is left out of the question. */
const orUndefined = <T>(choices: readonly T[]): readonly (T | undefined)[] =>
  choices.length === 0 ? [undefined] : choices;

/** Plain names are taken as they are, because listing workgroups needs a permission that few users have. */
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
  // An empty list here would mean "all workgroups" to the vault, and "no accounts" to whoever reads the result.
  if (names.length === 0) {
    throw new RelayError(
      'ConfigurationInvalid',
      `${session.connection}: none of the ${listed.length} workgroups that the user may see matches ${globs.join(', ')}. Correct select.workgroups in relay.yaml, or let the user see its workgroups.`,
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

/** A row of the list as an account; the workgroup is known only to who asked for one. */
export const toAccount = (row: AccountRow, workgroup = ''): Account => ({
  kind: 'account',
  systemId: row.SystemId,
  accountId: row.AccountId,
  systemName: row.SystemName,
  accountName: row.AccountName,
  domainName: row.DomainName,
  userPrincipalName: row.UserPrincipalName || undefined,
  workgroupName: workgroup,
  changedAt: atOf(row.LastChangeDate),
  unreadableDate: unreadableIn(row.LastChangeDate),
  changing: row.IsChanging === true || (row.ChangeState ?? 0) !== 0,
  applicationId: row.ApplicationID,
  maximumReleaseMinutes: row.MaximumReleaseDuration,
  isaAccess: row.IsISAAccess === true,
});
