import type { Account, Accounts } from '#shared/connections/sra/accounts.ts';
import { accountItem, labelsOf } from '#shared/connections/sra/sources/account-items.ts';
import { ADDRESS, parseAccountRule, vaultAccounts } from '#shared/connections/sra/sources/vault-accounts.ts';
import type { ItemPage, Source } from '#shared/connections/vault.ts';
import { createIsAddressed, describeAddress } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';

/** Longest name of an account. */
const MAX_NAME_LENGTH = 255;

const itemsOf = (accounts: readonly Account[]): Item[] =>
  accounts.flatMap((account) => (account.type === undefined ? [] : [accountItem(account, account.type)]));

/**
 * Lists the accounts of a rule that can be checked out. The last page names the selected ones that cannot, unless the
 * rule selects types.
 */
export async function* listItems(accounts: Accounts, source: Source, within: Labels): AsyncIterable<ItemPage> {
  const { patterns } = vaultAccounts.rules(source);
  const [type, ...others] = parseAccountRule(source).select.types;
  const query = { name: within['accountName'], type: others.length === 0 ? type : undefined };
  const skipped: Account[] = [];
  for await (const { accounts: listed, ...page } of accounts.list(query)) {
    skipped.push(...listed.filter((account) => account.type === undefined && isSelected(patterns, labelsOf(account))));
    yield { items: itemsOf(listed), ...page };
  }
  if (skipped.length > 0) yield { items: [], complete: true, skipped: [describeSkipped(skipped)] };
}

/** Words for an account that the relay does not check out. */
const kindOf = ({ personal, typeName }: Account): string => {
  if (personal) return 'personal';
  if (typeName === 'password_safe') return 'linked to Password Safe';
  return /^\w{1,40}$/.test(typeName) ? `of type ${typeName}` : 'of another type';
};

/** The line of a report about accounts that the relay does not check out. Pure. */
export const describeSkipped = (accounts: readonly Account[]): string => {
  const kinds = [...Map.groupBy(accounts, kindOf)].map(([kind, { length }]) => `${length} ${kind}`).toSorted();
  const number = accounts.length === 1 ? 'One selected account was' : `${accounts.length} selected accounts were`;
  return `${number} skipped, because the relay does not check out such accounts: ${kinds.join(', ')}.`;
};

/**
 * Finds the account with these labels. Raises `NotRequestable` for an account that the relay does not check out, and
 * `AnswerMalformed` if an unreadable row can be the account, `AnswerTruncated` if one that the list lacks can be it.
 */
export const findItem = async (accounts: Accounts, labels: Labels): Promise<Item | 'none' | 'several'> => {
  const { accountName: name = '', accountId } = labels;
  if (name === '' || name.length > MAX_NAME_LENGTH) return 'none';
  const isAddressed = createIsAddressed(ADDRESS, [labels]);
  const found: Account[] = [];
  let isComplete = true;
  for await (const { accounts: listed, rejected, complete } of accounts.list({ name })) {
    const [first] = rejected;
    if (first !== undefined) throw new RelayError('AnswerMalformed', `${first.title}: ${first.message}`);
    isComplete &&= complete;
    found.push(...listed.filter((account) => isAddressed(labelsOf(account))));
  }
  const wanted = found.filter((account) => accountId === undefined || String(account.accountId) === accountId);
  const [item, ...others] = itemsOf(wanted);
  if (others.length > 0) return 'several';
  if (!isComplete) {
    throw new RelayError(
      'AnswerTruncated',
      `The list of accounts with ${describeAddress(labels)} was not complete, so it does not show which one is meant. The next attempt reads it again.`,
    );
  }
  if (item !== undefined || wanted.length === 0) return item ?? 'none';
  throw new RelayError(
    'NotRequestable',
    `The account with ${describeAddress(labels)} is personal, or has a type that the relay does not check out. Address another one.`,
  );
};
