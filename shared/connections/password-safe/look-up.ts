import type { Account } from '#shared/connections/password-safe/account.ts';
import { toAccount } from '#shared/connections/password-safe/accounts.ts';
import { interpretLookUp } from '#shared/connections/password-safe/errors.ts';
import { oddIn, readableIn } from '#shared/connections/password-safe/rows.ts';
import { accountListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json, malformed, type Reader } from '#shared/http/answer.ts';

const PATH = 'ManagedAccounts';

const readRows = json(accountListSchema);

/** Returns no accounts for a 404: the interpreter refuses every 404 except one for an account that does not exist. */
const readFound: Reader<readonly Account[]> = (answer, call) => {
  if (answer.status === 404) return [];
  const { listed } = readRows(answer, call);
  const [odd] = oddIn(listed);
  // The unreadable row may be the requested account.
  if (odd !== undefined) throw malformed(call, `has an unknown shape (${odd.misfit})`);
  return readableIn(listed).map((row) => toAccount(row));
};

/**
 * Finds an account by its system name and account name, which is `DOMAIN\\name` for a directory account. Accepts every
 * shape of the answer. Returns `none` also for an account that the user may not see. Repeatable.
 */
export const findAccount = async (
  session: Session,
  systemName: string,
  accountName: string,
): Promise<Account | 'none' | 'several'> => {
  const { value } = await session.send({
    method: 'GET',
    path: PATH,
    query: { systemName, accountName },
    idempotent: true,
    interpret: interpretLookUp,
    read: readFound,
  });
  return value.length > 1 ? 'several' : (value[0] ?? 'none');
};
