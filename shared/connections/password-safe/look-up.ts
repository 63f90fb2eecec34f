import type { Account } from '#shared/connections/password-safe/account.ts';
import { toAccount } from '#shared/connections/password-safe/accounts.ts';
import { interpretLookUp } from '#shared/connections/password-safe/errors.ts';
import { oddIn, readableIn } from '#shared/connections/password-safe/rows.ts';
import { accountListSchema } from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { json, malformed, type Reader } from '#shared/http/answer.ts';

const PATH = 'ManagedAccounts';

const readRows = json(accountListSchema);

/** An account that the vault knows not to be there has no rows; the interpreter lets no other 404 get here. */
const readFound: Reader<readonly Account[]> = (answer, call) => {
  if (answer.status === 404) return [];
  const { listed } = readRows(answer, call);
  const [odd] = oddIn(listed);
  // It may be the one that was meant.
  if (odd !== undefined) throw malformed(call, `has an unknown shape (${odd.misfit})`);
  return readableIn(listed).map((row) => toAccount(row));
};

/**
 * Finds an account by both of its names, of which a directory account's is `DOMAIN\\name`: whatever shape the answer comes in,
 * it holds that account or none. `none` is also what the vault does not show to this user. Repeatable.
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
