import * as z from 'zod';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import {
  ACCOUNT_LABELS,
  access,
  credentialSettings,
  parseAccountRule,
  rotationSettings,
  rulesOfAccounts,
  withDefaultValue,
} from '#shared/connections/password-safe/sources/account-settings.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';

const source = z.literal('pairs').describe('Pairs of accounts that take turns, as the connection names them.');

const selection = (description: string) =>
  z
    .strictObject({ pairs: globs.describe(`Names of pairs. ${GLOBS}`) })
    .prefault({})
    .describe(description);

const sync = z
  .strictObject({
    source,
    ...commonSync,
    ...credentialSettings,
    select: selection('Pairs to deliver; all pairs of the connection if omitted.'),
    access,
  })
  .transform(withDefaultValue);

const rotation = z.strictObject({
  source,
  ...rotationSettings('the idle account'),
  select: selection('Pairs to rotate; all pairs of the connection if omitted.'),
});

const ADDRESS: AddressRules = { labels: ['pairName'], spellings: ({ pairName = '' }) => [{ pairName }] };

/** Pairs of accounts. Readers get one account of a pair, and the other one rotates. */
export const pairs: SourceType = {
  sync,
  rotation,
  rules: (rule) => {
    const parsed = parseAccountRule(rule);
    return {
      ...rulesOfAccounts(parsed),
      labels: {
        pairName: {},
        ...Object.fromEntries(Object.keys(ACCOUNT_LABELS).map((label) => [label, { ofTurn: true }])),
      },
      needs: [{ oneOf: ['pairName'], otherwise: 'gives two pairs the same name; add {pairName}' }],
      distinguishingPlaceholder: '{pairName}',
      patterns: { pairName: parsed.select.pairs },
      address: ADDRESS,
      inTurns: true,
    };
  },
};
