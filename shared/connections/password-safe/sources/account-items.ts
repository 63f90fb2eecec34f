import * as z from 'zod';
import { type Account, type Alias, describeAccount } from '#shared/connections/password-safe/account.ts';
import type { DeliveredKind } from '#shared/connections/password-safe/delivered.ts';
import { marksOf } from '#shared/connections/password-safe/sources/marks.ts';
import { parseHandle } from '#shared/connections/password-safe/sources/parse.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { Item, ItemRef, Member } from '#shared/domain/item.ts';
import { activate } from '#shared/domain/turns.ts';
import { RelayError } from '#shared/errors.ts';

/** Accounts and aliases as items. The handle of an item holds the fields that reads need. */

const ACCOUNT = 'account';
const ALIAS = 'alias';
const PAIR = 'pair';

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

/** Reference of an account. Includes the system id, although account ids are unique across systems in the vault. */
export const accountRef = ({ systemId, accountId }: Pick<Account, 'systemId' | 'accountId'>): ItemRef => ({
  kind: ACCOUNT,
  id: `${systemId}:${accountId}`,
});

export const aliasRef = ({ aliasId }: Pick<Alias, 'aliasId'>): ItemRef => ({ kind: ALIAS, id: String(aliasId) });

/** A password, the usual content, has no mark. */
const kindOf = (delivers: DeliveredKind): string | undefined => (delivers === 'password' ? undefined : delivers);

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

export const accountItem = (account: Account, delivers: DeliveredKind): Item => ({
  ref: accountRef(account),
  title: describeAccount(account),
  labels: { ...labelsOf(account), workgroupName: account.workgroupName },
  changedAt: account.changedAt,
  ...marksOf([kindOf(delivers)], account),
  changing: account.changing,
  handle: handleOf(account),
});

/** The mark includes the account: an alias that points at another account has another credential. */
export const aliasItem = (alias: Alias, delivers: DeliveredKind): Item => ({
  ref: aliasRef(alias),
  title: `${alias.aliasName} (${describeAccount(alias)})`,
  labels: { aliasName: alias.aliasName, ...labelsOf(alias) },
  changedAt: alias.changedAt,
  ...marksOf([accountRef(alias).id, kindOf(delivers)], alias),
  changing: alias.changing,
  active: accountRef(alias),
  handle: { ...handleOf(alias), aliasId: alias.aliasId, aliasName: alias.aliasName },
});

/** The pair with its first account as the active one, until a workflow chooses. */
export const pairItem = (pair: string, [first, second]: readonly [Account, Account], delivers: DeliveredKind): Item => {
  const members = [first, second].map((account): Member => accountItem(account, delivers));
  const [active] = members;
  const item = { ref: { kind: PAIR, id: pair }, title: pair, labels: { pairName: pair }, changing: false, handle: {} };
  return active === undefined ? item : { ...activate(item, active), members };
};

/** Account of an item, or the active one of a pair. Raises `ContractViolated` for any other item. */
export const accountIn = (item: Item): AccountHandle => parseHandle(accountHandle, item, [ACCOUNT, PAIR]);

/** Like {@link accountIn}, or the account that an alias points at. */
export const targetAccountIn = (item: Item): AccountHandle => parseHandle(accountHandle, item, [ACCOUNT, PAIR, ALIAS]);

const rotatedHandle = accountHandle.pick({ systemId: true, accountId: true });

/** An account of an alias, which is no item of the source. */
export const accountOfAlias = (alias: Rotated, account: Pick<Account, 'systemId' | 'accountId'>): Rotated => ({
  ref: accountRef(account),
  title: `${alias.title}: account ${account.accountId} of system ${account.systemId}`,
  handle: { systemId: account.systemId, accountId: account.accountId },
});

/** Account of an item, or the account that its alias points at, for its place in an order. */
export const orderedIn = (item: Rotated): Pick<AccountHandle, 'systemId' | 'accountId'> =>
  parseHandle(rotatedHandle, item, [ACCOUNT, ALIAS]);

/** Account whose credential can be changed. Raises `ContractViolated` for any other item. */
export const rotatedIn = (item: Rotated): Pick<AccountHandle, 'systemId' | 'accountId'> => {
  if (item.ref.kind !== ALIAS && item.ref.kind !== PAIR) return parseHandle(rotatedHandle, item, [ACCOUNT]);
  throw new RelayError(
    'ContractViolated',
    `${item.title} stands for several accounts. Change one of them that is not the active one.`,
  );
};

/** Alias of an item; undefined for an account. */
export const aliasIn = (item: Rotated): AliasHandle | undefined =>
  item.ref.kind === ALIAS ? parseHandle(aliasHandle, item, [ALIAS]) : undefined;
