import type * as z from 'zod';
import { type AccountType, accountTypeOf } from '#shared/connections/sra/account-types.ts';
import { interpretCall } from '#shared/connections/sra/errors.ts';
import { type List, readPages } from '#shared/connections/sra/pages.ts';
import { createPolicyOf } from '#shared/connections/sra/policies.ts';
import {
  type AccountRow,
  accountRow,
  type GroupRow,
  groupRow,
  type PolicyRow,
  policyRow,
} from '#shared/connections/sra/schema.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { CONFIGURATION } from '#shared/connections/sra/wire.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** An account of the Vault with its group and the policy that applies to it. */
export interface Account {
  readonly accountId: number;
  readonly name: string;
  /** Undefined for an account that the relay does not check out. */
  readonly type: AccountType | undefined;
  /** As the site names it. */
  readonly typeName: string;
  /** Owned by one user of the site. */
  readonly personal: boolean;
  /** Empty for an account without a group, or with one that is not listed. */
  readonly groupName: string;
  /** Empty if it is unknown. */
  readonly policyName: string;
  /** True if the site changes the credential after each check-in. */
  readonly autoRotates: boolean | 'unknown';
  /** Epoch milliseconds; null if it was never checked out, undefined if the site does not show it. */
  readonly lastCheckOutMs?: number | null | undefined;
}

interface AccountPage {
  readonly accounts: readonly Account[];
  /** False if this page shows that accounts are missing or may be missing. */
  readonly complete: boolean;
  readonly rejected: readonly Rejected[];
}

interface AccountQuery {
  /** Name of the accounts to list, in any case; all if omitted. */
  readonly name?: string | undefined;
  readonly type?: AccountType | undefined;
  /** True to list the personal accounts of all users as well. */
  readonly withPersonal?: boolean | undefined;
}

interface Whole<Row> {
  readonly rows: readonly Row[];
  readonly complete: boolean;
  readonly rejected: readonly Rejected[];
}

const readAll = async <Row extends z.ZodType>(session: Session, list: List<Row>): Promise<Whole<z.output<Row>>> => {
  const rows: z.output<Row>[] = [];
  const rejected: Rejected[] = [];
  let complete = true;
  for await (const page of readPages(session, list)) {
    rows.push(...page.rows);
    rejected.push(...page.rejected);
    complete &&= page.complete;
  }
  return { rows, rejected, complete };
};

/** Group that accounts without another one are in. */
const DEFAULT_GROUP_ID = 1;

/** Lists of accounts in one session, which reads the groups and the policies once. */
export interface Accounts {
  /**
   * Lists accounts page by page, joined with their groups and policies. The site leaves out personal accounts.
   * Repeatable.
   */
  list(query: AccountQuery): AsyncIterable<AccountPage>;
  /** Reads the page of one account; undefined if the site has none with the id. Repeatable. */
  read(accountId: number): Promise<Account | undefined>;
}

export const openAccounts = (session: Session): Accounts => {
  let directory: Promise<Directory> | undefined;
  const readOnce = (): Promise<Directory> => {
    directory ??= readDirectory(session).catch((error: unknown) => {
      directory = undefined;
      throw error;
    });
    return directory;
  };
  return {
    async *list({ name, type, withPersonal }) {
      const { toAccount, complete, rejected } = await readOnce();
      if (!complete) yield { accounts: [], complete, rejected };
      const query = { name, type, ...(withPersonal === true && { include_personal: 'true' }) };
      const list = { path: 'vault/account', query, row: accountRow, what: 'An account' };
      for await (const { rows, ...page } of readPages(session, list)) yield { accounts: rows.map(toAccount), ...page };
    },
    async read(accountId) {
      const { toAccount } = await readOnce();
      try {
        const { value } = await session.send({
          method: 'GET',
          path: `${CONFIGURATION}/vault/account/${accountId}`,
          idempotent: true,
          interpret: interpretCall,
          read: json(accountRow),
        });
        return toAccount(value);
      } catch (error) {
        if (error instanceof RelayError && error.name === 'NotFound') return undefined;
        throw error;
      }
    },
  };
};

/** The groups and policies of a site, joined to its accounts. */
interface Directory extends Omit<Whole<unknown>, 'rows'> {
  readonly toAccount: (row: AccountRow) => Account;
}

const readDirectory = async (session: Session): Promise<Directory> => {
  const [groups, policies] = await Promise.all([
    readAll(session, { path: 'vault/account-group', row: groupRow, what: 'A group of accounts' }),
    readAll(session, { path: 'vault/account-policy', row: policyRow, what: 'An account policy' }),
  ]);
  return {
    toAccount: createToAccount(groups.rows, policies.complete ? policies.rows : []),
    complete: groups.complete && policies.complete,
    rejected: [...groups.rejected, ...policies.rejected],
  };
};

const createToAccount = (groups: readonly GroupRow[], policies: readonly PolicyRow[]): Directory['toAccount'] => {
  const groupsById = new Map(groups.map((group) => [group.id, group]));
  const policyOf = createPolicyOf(groupsById, policies);
  return (row) => {
    // A personal account is in no group.
    const groupId = row.account_group_id ?? (row.personal ? undefined : DEFAULT_GROUP_ID);
    const { name: policyName, autoRotates } = policyOf({ ...row, account_group_id: groupId });
    return {
      accountId: row.id,
      name: row.name,
      type: row.personal ? undefined : accountTypeOf(row.type),
      typeName: row.type,
      personal: row.personal,
      groupName: groupId === undefined ? '' : (groupsById.get(groupId)?.name ?? ''),
      policyName,
      autoRotates,
      lastCheckOutMs: row.last_checkout_timestamp,
    };
  };
};
