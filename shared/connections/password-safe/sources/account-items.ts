import * as z from 'zod';
import { type Account, type Alias, describeAccount } from '#shared/connections/password-safe/account.ts';
import type { HandedOut } from '#shared/connections/password-safe/delivered.ts';
import { marksOf } from '#shared/connections/password-safe/sources/marks.ts';
import { parseHandle } from '#shared/connections/password-safe/sources/parse.ts';
import type { Item, ItemRef } from '#shared/domain/item.ts';

/** Accounts and aliases as items. What an item's handle holds is what reading the account takes. */

const ACCOUNT = 'account';
const ALIAS = 'alias';

const accountHandle = z.object({
  systemId: z.int(),
  accountId: z.int(),
  applicationId: z.int().nullable(),
  maximumReleaseMinutes: z.int().nullable(),
  isaAccess: z.boolean(),
});
const aliasHandle = accountHandle.extend({ aliasId: z.int(), aliasName: z.string() });

export type AccountHandle = z.infer<typeof accountHandle>;
type AliasHandle = z.infer<typeof aliasHandle>;

/** Account ids are the vault's own, and each belongs to one system: the system's is here so that nobody has to rely on it. */
export const accountRef = ({ systemId, accountId }: Pick<Account, 'systemId' | 'accountId'>): ItemRef => ({
  kind: ACCOUNT,
  id: `${systemId}:${accountId}`,
});

export const aliasRef = ({ aliasId }: Pick<Alias, 'aliasId'>): ItemRef => ({ kind: ALIAS, id: String(aliasId) });

/** The password needs no mark: what is delivered of an account is mostly that. */
const kindOf = (handsOut: HandedOut): string | undefined => (handsOut === 'password' ? undefined : handsOut);

const labelsOf = ({ systemId, accountId, ...account }: Account | Alias) => ({
  systemName: account.systemName,
  accountName: account.accountName,
  systemId: String(systemId),
  accountId: String(accountId),
  domainName: account.domainName,
  ...(account.userPrincipalName !== undefined && { userPrincipalName: account.userPrincipalName }),
});

const handleOf = (account: Account | Alias): AccountHandle => ({
  systemId: account.systemId,
  accountId: account.accountId,
  applicationId: account.applicationId ?? null,
  maximumReleaseMinutes: account.maximumReleaseMinutes ?? null,
  isaAccess: account.isaAccess,
});

export const accountItem = (account: Account, handsOut: HandedOut): Item => ({
  ref: accountRef(account),
  title: describeAccount(account),
  labels: { ...labelsOf(account), workgroupName: account.workgroupName },
  changedAt: account.changedAt,
  ...marksOf([kindOf(handsOut)], account),
  changing: account.changing,
  handle: handleOf(account),
});

/** An alias that points at another account means another credential. */
export const aliasItem = (alias: Alias, handsOut: HandedOut): Item => ({
  ref: aliasRef(alias),
  title: `${alias.aliasName} (${describeAccount(alias)})`,
  labels: { aliasName: alias.aliasName, ...labelsOf(alias) },
  changedAt: alias.changedAt,
  ...marksOf([accountRef(alias).id, kindOf(handsOut)], alias),
  changing: alias.changing,
  handle: { ...handleOf(alias), aliasId: alias.aliasId, aliasName: alias.aliasName },
});

/** Raises `ContractViolated` for an item that is no account. */
export const accountIn = (item: Item): AccountHandle => parseHandle(accountHandle, item, [ACCOUNT]);

/** The account of an item, or that which the alias of an item points at. Raises `ContractViolated` for all others. */
export const anyAccountIn = (item: Item): AccountHandle => parseHandle(accountHandle, item, [ACCOUNT, ALIAS]);

/** The alias of an item; undefined for an account. */
export const aliasIn = (item: Item): AliasHandle | undefined =>
  item.ref.kind === ALIAS ? parseHandle(aliasHandle, item, [ALIAS]) : undefined;
