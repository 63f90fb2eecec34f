import * as z from 'zod';
import { ACCOUNT_TYPES, type AccountType } from '#shared/connections/sra/account-types.ts';
import type { Account } from '#shared/connections/sra/accounts.ts';
import type { Item, ItemRef } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/** Accounts of the Vault as items. The handle of an item holds the fields that a plan needs. */

const KIND = 'vault-account';

const handleSchema = z.object({
  type: z.enum(ACCOUNT_TYPES),
  name: z.string(),
  autoRotates: z.union([z.boolean(), z.literal('unknown')]),
});
type AccountHandle = z.output<typeof handleSchema>;

const titleOf = ({ groupName, name }: Account): string => (groupName === '' ? name : `${groupName}/${name}`);

export const labelsOf = (account: Account) => ({
  accountName: account.name,
  groupName: account.groupName,
  accountType: account.typeName,
  policyName: account.policyName,
  accountId: String(account.accountId),
});

/**
 * The list does not show when a credential changed, or that it is changing. A new name counts as a change: the report
 * of changes has the name that an account had at the time.
 */
export const accountItem = (account: Account, type: AccountType): Item => ({
  ref: { kind: KIND, id: String(account.accountId) },
  title: titleOf(account),
  labels: labelsOf(account),
  mark: account.name,
  changing: 'unknown',
  handle: { type, name: account.name, autoRotates: account.autoRotates } satisfies AccountHandle,
});

const foreign = (title: string): RelayError =>
  new RelayError(
    'ContractViolated',
    `The plan for ${title} belongs to another source than the rule. Start the run again.`,
  );

/** Largest id of the site. */
const MAX_ID = 2 ** 31 - 1;

/** Id of an account. Raises `ContractViolated` for an item of another source. */
export const accountIdIn = ({ ref, title }: { readonly ref: ItemRef; readonly title: string }): number => {
  const accountId = ref.kind === KIND && /^[1-9]\d{0,9}$/.test(ref.id) ? Number(ref.id) : 0;
  if (accountId < 1 || accountId > MAX_ID) throw foreign(title);
  return accountId;
};

/** Facts about an account when it was listed. Raises `ContractViolated` for an item of another source. */
export const handleIn = ({ ref, title, handle }: Pick<Item, 'ref' | 'title' | 'handle'>): AccountHandle => {
  const parsed = ref.kind === KIND ? handleSchema.safeParse(handle) : undefined;
  if (parsed?.success) return parsed.data;
  throw foreign(title);
};
