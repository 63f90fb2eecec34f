import type { Alias } from '#shared/connections/password-safe/account.ts';
import { toAccount } from '#shared/connections/password-safe/accounts.ts';
import { CREDENTIAL_MAX_BYTES, interpreterOf, readParts } from '#shared/connections/password-safe/credentials.ts';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import type { CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import { oddIn, readableIn, rejectedAs } from '#shared/connections/password-safe/rows.ts';
import {
  aliasCredentialSchemas,
  aliasListSchema,
  aliasMappingSchema,
} from '#shared/connections/password-safe/schema.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Rejected } from '#shared/connections/vault.ts';
import type { Credential } from '#shared/domain/content.ts';
import { foldCase } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';

/** States of aliases that point at an account: mapped and highly available (reference: 2.6, `AliasState`). */
const POINTING = '1,2';

/** Aliases of one list call. `complete` is false if aliases are missing or unreadable. */
interface AliasList {
  readonly aliases: readonly Alias[];
  readonly complete: boolean;
  readonly rejected: readonly Rejected[];
}

/**
 * Lists the aliases that point at an account the user can request. The vault returns them in one answer. Repeatable.
 */
export const listAliases = async (session: Session): Promise<AliasList> => {
  const { value } = await session.send({
    method: 'GET',
    path: 'Aliases',
    query: { state: POINTING },
    idempotent: true,
    interpret: interpretCall,
    read: json(aliasListSchema),
  });
  const { listed, totalCount = 0 } = value;
  const odd = oddIn(listed);
  return {
    aliases: readableIn(listed).map((row) => ({
      ...toAccount(row),
      kind: 'alias',
      aliasId: row.AliasId,
      aliasName: row.AliasName,
    })),
    complete: odd.length === 0 && listed.length >= totalCount,
    rejected: odd.map(rejectedAs(session.connection, 'An alias')),
  };
};

/**
 * Finds an alias by its name, in the list: a look-up by name would not show that another alias is unreadable. Returns
 * `none` also for an alias that points at no account. Raises `AnswerMalformed` if the alias may be an unreadable one.
 * Repeatable.
 */
export const findAlias = async (session: Session, aliasName: string): Promise<Alias | 'none' | 'several'> => {
  const { aliases, rejected } = await listAliases(session);
  const found = aliases.filter((alias) => foldCase(alias.aliasName) === foldCase(aliasName));
  const [first] = found;
  if (first !== undefined) return found.length > 1 ? 'several' : first;
  const [unreadable] = rejected;
  if (unreadable === undefined) return 'none';
  throw new RelayError('AnswerMalformed', unreadable.message);
};

/**
 * Reads the credential of an active request that was made for an alias. Raises `DeliverySuperseded` if the alias points
 * at another account than when it was listed, because the run has already recorded the listed account.
 */
export const readAliasCredential = (
  session: Session,
  requestId: number,
  alias: Pick<Alias, 'aliasId' | 'aliasName' | 'systemId' | 'accountId'>,
  kind: CredentialKind,
): Promise<Credential> =>
  readParts(kind, async (part) => {
    const { value } = await session.send({
      method: 'GET',
      path: `Aliases/${alias.aliasId}/Credentials/${requestId}`,
      query: { type: part },
      idempotent: true,
      interpret: interpreterOf(kind),
      read: json(aliasCredentialSchemas[part]),
      maxBytes: CREDENTIAL_MAX_BYTES,
    });
    if (value.SystemID !== alias.systemId || value.AccountID !== alias.accountId) {
      throw new RelayError(
        'DeliverySuperseded',
        `${session.connection}: alias ${alias.aliasName} now points at another account. The next run delivers that account's credential.`,
      );
    }
    return value.value;
  });

/** Ids of an account of an alias. */
type MappedAccount = Pick<Alias, 'systemId' | 'accountId'>;

/**
 * Reads the accounts of an alias, and which of them it points at: none if it is unmapped. The account in the row itself
 * decides, because the values of `Status` are not documented (reference: 2.6, "Alias"). Raises `NotFound`. Repeatable.
 */
export const readMapping = async (
  session: Session,
  aliasId: number,
): Promise<{ readonly active: MappedAccount | undefined; readonly standby: readonly MappedAccount[] }> => {
  const path = `Aliases/${aliasId}`;
  const { value } = await session.send({
    method: 'GET',
    path,
    idempotent: true,
    interpret: interpretCall,
    read: json(aliasMappingSchema),
  });
  const mapped = value.MappedAccounts.map((row) => ({
    systemId: row.ManagedSystemID,
    accountId: row.ManagedAccountID,
  }));
  const active = mapped.find(({ accountId }) => accountId === value.AccountId);
  // Without knowing which account readers get, none is safe to change.
  if (active === undefined && mapped.length > 0) {
    throw new RelayError(
      'AnswerMalformed',
      `${session.connection}: GET ${path} returned mapped accounts without the account that the alias points at. If the vault shows one, the relay does not support this version of the vault.`,
    );
  }
  return { active, standby: mapped.filter(({ accountId }) => accountId !== active?.accountId) };
};
