import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import { ACCOUNT_TYPES } from '#shared/connections/password-safe/account.ts';
import { HANDED_OUT } from '#shared/connections/password-safe/delivered.ts';
import {
  ACCOUNT_LABELS,
  access,
  credentialSettings,
  parseAccountRule,
  rulesOfAccounts,
  selectedSystems,
  withDefaultValue,
} from '#shared/connections/password-safe/sources/account-settings.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';
import type { NameNeed } from '#shared/domain/naming.ts';

const source = z.literal('accounts').default('accounts').describe('Managed accounts.');

const sync = z
  .strictObject({
    source,
    ...commonSync,
    ...credentialSettings,
    select: z
      .strictObject({
        ...selectedSystems,
        workgroups: globs.describe(`Names of workgroups. ${GLOBS}`),
        types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
      })
      .prefault({})
      .describe('Which accounts to deliver; every account that the connection may request when left out.'),
    access,
  })
  .transform(withDefaultValue);

const checkout = z.strictObject({
  source,
  ...commonCheckout,
  select: z
    .strictObject(selectedSystems)
    .prefault({})
    .describe('Which accounts may be asked for; every account that the connection may request when left out.'),
  handsOut: z
    .enum(HANDED_OUT)
    .default('password')
    .describe('What is delivered: the password, the SSH key, or the ticket or file of a session.'),
  access,
  ticketSystemId: z
    .int()
    .min(1)
    .optional()
    .describe("Id of the vault's ticket system that ticket numbers belong to; its default one when left out."),
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

/** The vault may keep the name as it is, or keep the domain apart from it, and spelled in another way. */
const namesOf = (name: string): readonly string[] => [...new Set([name, name.slice(name.lastIndexOf('\\') + 1)])];

/**
 * The labels of an account that others call by these two names: what the vault calls its system, and its name, for a
 * directory account `DOMAIN\name` or its user principal name, which need not have anything in common with the account's name.
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
  rules: (rule) => ({
    ...rulesOfAccounts(parseAccountRule(rule)),
    labels: { ...ACCOUNT_LABELS, workgroupName: {} },
    needs: NEEDS,
    address: ADDRESS,
  }),
};
