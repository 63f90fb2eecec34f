import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import { ACCOUNT_TYPES } from '#shared/connections/password-safe/account.ts';
import { DELIVERED_KINDS } from '#shared/connections/password-safe/delivered.ts';
import {
  ACCOUNT_LABELS,
  access,
  credentialSettings,
  parseAccountRule,
  rotationSettings,
  rulesOfAccounts,
  selectedSystems,
  withDefaultValue,
} from '#shared/connections/password-safe/sources/account-settings.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';
import type { NameNeed } from '#shared/domain/naming.ts';

const source = z.literal('accounts').default('accounts').describe('Managed accounts.');

const selection = (description: string) =>
  z
    .strictObject({
      ...selectedSystems,
      workgroups: globs.describe(`Names of workgroups. ${GLOBS}`),
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
    })
    .prefault({})
    .describe(description);

const sync = z
  .strictObject({
    source,
    ...commonSync,
    ...credentialSettings,
    select: selection('Accounts to deliver; all accounts that the connection can request if omitted.'),
    access,
  })
  .transform(withDefaultValue);

const checkout = z.strictObject({
  source,
  ...commonCheckout,
  select: z
    .strictObject(selectedSystems)
    .prefault({})
    .describe('Accounts that can be requested; all accounts that the connection can request if omitted.'),
  delivers: z
    .enum(DELIVERED_KINDS)
    .default('password')
    .describe('Delivered content: the password, the SSH key, or the ticket or file of a session.'),
  access,
  ticketSystemId: z
    .int()
    .min(1)
    .optional()
    .describe("Id of the vault's ticket system that ticket numbers belong to; its default one if omitted."),
});

const rotation = z.strictObject({
  source,
  ...rotationSettings('each account'),
  select: selection('Accounts to rotate; all accounts that the connection can request if omitted.'),
});

const NEEDS: readonly NameNeed[] = [
  {
    oneOf: ['accountName', 'accountId'],
    otherwise: 'gives two accounts of a system the same name; add {accountName} or {accountId}',
  },
  {
    oneOf: ['systemName', 'systemId'],
    otherwise: 'gives accounts of two systems the same name; add {systemName} or {systemId}',
  },
];

/** The vault may store the name unchanged, or store the domain separately and in another spelling. */
const namesOf = (name: string): readonly string[] => [...new Set([name, name.slice(name.lastIndexOf('\\') + 1)])];

/**
 * Possible labels of an account that a request addresses by two names: the system name of the vault and the account
 * name, which is `DOMAIN\name` or the user principal name for a directory account. A user principal name can differ
 * completely from the account name.
 */
const spellings = ({ systemName = '', accountName = '' }: Labels): readonly Labels[] => {
  const names = namesOf(accountName);
  return [
    ...names.map((name) => ({ systemName, accountName: name })),
    ...(accountName.includes('@') ? names.map((name) => ({ systemName, userPrincipalName: name })) : []),
  ];
};

const ADDRESS: AddressRules = {
  labels: ['systemName', 'accountName'],
  spellings,
  narrowing: { label: 'systemName', placeholders: ['systemName', 'systemId'] },
};

/** Managed accounts. */
export const accounts: SourceType = {
  sync,
  checkout,
  rotation,
  rules: (rule) => ({
    ...rulesOfAccounts(parseAccountRule(rule)),
    labels: { ...ACCOUNT_LABELS, workgroupName: {} },
    needs: NEEDS,
    address: ADDRESS,
  }),
};
