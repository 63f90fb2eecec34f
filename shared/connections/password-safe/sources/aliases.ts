import * as z from 'zod';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import {
  ACCOUNT_LABELS,
  credentialSettings,
  parseAccountRule,
  rulesOfAccounts,
  selectedSystems,
  withDefaultValue,
} from '#shared/connections/password-safe/sources/account-settings.ts';

const sync = z
  .strictObject({
    source: z.literal('aliases').describe('Aliases, each of which points at one account of several at a time.'),
    ...commonSync,
    ...credentialSettings,
    select: z
      .strictObject({
        aliases: globs.describe(`Names of aliases. ${GLOBS}`),
        ...selectedSystems,
      })
      .prefault({})
      .describe('Aliases to deliver, selected by their own names and by the account that each points at now.'),
  })
  .transform(withDefaultValue);

/** Aliases of accounts. */
export const aliases: SourceType = {
  sync,
  rules: (rule) => {
    const parsed = parseAccountRule(rule);
    const { patterns, ...rules } = rulesOfAccounts(parsed);
    return {
      ...rules,
      labels: { aliasName: {}, ...ACCOUNT_LABELS },
      // A name made of account labels alone would change whenever the alias points at another account.
      needs: [{ oneOf: ['aliasName'], otherwise: 'gives two aliases of an account the same name; add {aliasName}' }],
      patterns: { aliasName: parsed.select.aliases, ...patterns },
    };
  },
};
