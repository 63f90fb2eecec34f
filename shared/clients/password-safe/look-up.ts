import { toAccount } from '#shared/clients/password-safe/accounts.ts';
import { interpretLookUp } from '#shared/clients/password-safe/errors.ts';
import { accountListSchema } from '#shared/clients/password-safe/schema.ts';
import type { Session } from '#shared/clients/password-safe/session.ts';
import type { Account } from '#shared/domain/account.ts';
import { RelayError } from '#shared/errors.ts';
import { json, type Reader } from '#shared/http/answer.ts';

const PATH = 'ManagedAccounts';

const readRows = json(accountListSchema);

/** An account that the vault knows not to be there has no rows; the interpreter lets no other 404 get here. */
const readFound: Reader<readonly Account[]> = (answer, call) =>
  answer.status === 404 ? [] : readRows(answer, call).rows.map((row) => toAccount(row));

/** Finds one account by its two names: whatever shape the answer comes in, it holds that account or none. */
export const findAccount = async (
  session: Session,
  systemName: string,
  accountName: string,
): Promise<Account | undefined> => {
  const { value } = await session.send({
    method: 'GET',
    path: PATH,
    query: { systemName, accountName },
    idempotent: true,
    interpret: interpretLookUp,
    read: readFound,
  });
  if (value.length > 1) {
    throw new RelayError(
      'RequestRejected',
      `${session.connection}: GET ${PATH} found ${value.length} accounts that are called ${systemName}/${accountName}. Name the one that is meant: a directory account as DOMAIN\\name.`,
    );
  }
  return value[0];
};
