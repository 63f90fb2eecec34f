import * as z from 'zod';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import {
  ACCOUNT_LABELS,
  credentialSettings,
  parseAccountRule,
  rotationSettings,
  rulesOfAccounts,
  selectedSystems,
  withDefaultValue,
} from '#shared/connections/password-safe/sources/account-settings.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';

const source = z.literal('aliases').describe('Aliases, each of which points at one account of several at a time.');

const selection = (description: string) =>
  z
    .strictObject({
      aliases: globs.describe(`Names of aliases. ${GLOBS}`),
      ...selectedSystems,
    })
    .prefault({})
    .describe(description);

const sync = z
  .strictObject({
    source,
    ...commonSync,
    ...credentialSettings,
    select: selection('Aliases to deliver, selected by their own names and by the account that each points at now.'),
  })
  .transform(withDefaultValue);

const rotation = z.strictObject({
  source,
  ...rotationSettings('the account'),
  select: selection('Aliases to rotate, selected by their own names and by the account that each points at now.'),
});

/** The vault has no two aliases of one name. */
const ADDRESS: AddressRules = { labels: ['aliasName'], spellings: ({ aliasName = '' }) => [{ aliasName }] };

/** Aliases of accounts. Readers get the account at which an alias points, and another one rotates. */
export const aliases: SourceType = {
  sync,
  rotation,
  rules: (rule) => {
    const parsed = parseAccountRule(rule);
    const { patterns, ...rules } = rulesOfAccounts(parsed);
    return {
      ...rules,
      labels: { aliasName: {}, ...ACCOUNT_LABELS },
      // A name made of account labels alone would change whenever the alias points at another account.
      needs: [{ oneOf: ['aliasName'], otherwise: 'gives two aliases of an account the same name; add {aliasName}' }],
      patterns: { aliasName: parsed.select.aliases, ...patterns },
      address: ADDRESS,
      inTurns: true,
    };
  },
};
