import * as z from 'zod';
import { commonCheckout } from '#shared/config/schema/checkout.ts';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonOldCheckouts } from '#shared/config/schema/old-checkouts.ts';
import { commonRotation } from '#shared/config/schema/rotation.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import { ACCOUNT_TYPES, ROTATED_TYPES } from '#shared/connections/sra/account-types.ts';
import { handleIn } from '#shared/connections/sra/sources/account-items.ts';
import { parseRule } from '#shared/connections/sra/sources/parse.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';
import type { Item } from '#shared/domain/item.ts';
import type { NameNeed } from '#shared/domain/naming.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

const source = z.literal('vault-accounts').describe('Accounts of the Vault.');

const byNames = {
  names: globs.describe(`Names of accounts. ${GLOBS}`),
  groups: globs.describe(`Names of account groups. ${GLOBS}`),
  policies: globs.describe(
    `Names of account policies: that of the account, else of its group, else the default one. ${GLOBS}`,
  ),
};

/** A type that the site has, but that a list of the relay does not. Any other text is a misspelled one. */
const refusedType =
  (types: readonly string[], refused: RegExp, why: string) =>
  ({ input }: { readonly input?: unknown }): string | undefined =>
    typeof input === 'string' && refused.test(input) && !types.includes(input)
      ? `is a type ${why}; use ${types.map((type) => JSON.stringify(type)).join(', ')}`
      : undefined;

const UNCHECKED_TYPES = /^(personal|password_safe|aws_secret|x509_\w{1,20})$/;

const typesOf = <const T extends readonly string[]>(types: T) =>
  z
    .array(z.enum(types, { error: refusedType(types, UNCHECKED_TYPES, 'that the relay does not check out') }))
    .default([])
    .describe('Types of account; empty selects all that can be delivered.');

const selection = (description: string) =>
  z
    .strictObject({ ...byNames, types: typesOf(ACCOUNT_TYPES) })
    .prefault({})
    .describe(description);

const VALUE = { username: '{userName}', password: '{credential}' } as const;
const VALUE_TEXT =
  'Content of each secret: a map, which becomes a JSON object and whose texts are templates, or one template for plain text. {credential} is the password, the private key or the token, and {certificate} the public certificate of a key that a CA has signed.';

const sync = z.strictObject({
  source,
  ...commonSync,
  value: valueTemplate.default({ ...VALUE }).describe(VALUE_TEXT),
  select: selection('Accounts to deliver; all accounts that the API account can check out if omitted.'),
  autoRotated: z
    .boolean()
    .default(false)
    .describe(
      'True to deliver accounts whose policy changes the credential after each check-in as well. Their secrets are outdated at once, unless the site cannot change accounts of this type.',
    ),
  rotationWindowMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe(
      "A change within this time after the relay's check-in counts as the site's rotation after check-in. Only with `autoRotated`.",
    ),
});

const checkout = z.strictObject({
  source,
  ...commonCheckout,
  value: valueTemplate.default({ ...VALUE }).describe(VALUE_TEXT),
  select: selection('Accounts that can be requested; all accounts that the API account can check out if omitted.'),
  rotateOnCheckIn: z
    .literal(false, 'must be false, or removed: only the policy of an account changes its credential')
    .default(false)
    .describe('Only the policy of an account changes its credential after the check-in.'),
});

const KNOWN_TYPES = new RegExp(`${UNCHECKED_TYPES.source}|^(${ACCOUNT_TYPES.join('|')})$`);

const rotation = z.strictObject({
  source,
  ...commonRotation,
  select: z
    .strictObject({
      ...byNames,
      types: z
        .array(
          z.enum(ROTATED_TYPES, {
            error: refusedType(ROTATED_TYPES, KNOWN_TYPES, 'whose credentials the site does not change'),
          }),
        )
        .min(1)
        .default([...ROTATED_TYPES])
        .describe('Types of account. The site changes no others.'),
    })
    .prefault({})
    .describe('Accounts to rotate; all Windows accounts that the API account can rotate if omitted.'),
});

const oldCheckouts = z.strictObject({
  source,
  ...commonOldCheckouts,
  select: selection('Accounts whose checkouts are reported; all accounts if omitted.'),
});

/** Settings that SRA reads from a rule. Deployment has validated the complete rule. */
const ruleSchema = z.object({
  select: z
    .object({ names: globs, groups: globs, policies: globs, types: z.array(z.enum(ACCOUNT_TYPES)).default([]) })
    .prefault({}),
  /** Absent in a checkout and in a rotation, to which a later change by the site does no harm. */
  autoRotated: z.boolean().optional(),
  /** Absent in a checkout. */
  rotationWindowMinutes: z.int().default(0),
});

export const parseAccountRule = (rule: Source) => parseRule(ruleSchema, rule);

const NEEDS: readonly NameNeed[] = [
  {
    oneOf: ['accountName', 'accountId'],
    otherwise: 'gives two accounts of a group the same name; add {accountName} or {accountId}',
  },
  {
    oneOf: ['groupName', 'accountId'],
    otherwise: 'gives accounts of two groups the same name; add {groupName} or {accountId}',
  },
];

export const ADDRESS: AddressRules = {
  labels: ['accountName', 'groupName'],
  spellings: ({ accountName = '', groupName = '' }) => [{ accountName, groupName }],
  narrowing: { label: 'accountName', placeholders: ['accountName', 'accountId'] },
};

/** Refuses an account that the site changes, or may change, after each check-in. */
const refuseAutoRotated = (item: Item): RelayError | undefined => {
  try {
    const { autoRotates } = handleIn(item);
    if (autoRotates === false) return undefined;
    const { policyName = '' } = item.labels;
    const cause =
      autoRotates === 'unknown'
        ? 'The list of account policies does not show whether the site changes its credential after each check-in'
        : `Its account policy ${policyName} changes its credential after each check-in, so that a delivered one is outdated at once`;
    return new RelayError(
      'NotRequestable',
      `${item.title}: ${cause}. Give the account a policy that does not, exclude it, or set autoRotated: true in the rule.`,
    );
  } catch (thrown) {
    return asRelayError(thrown, `Checking ${item.title}`);
  }
};

/** The part of the activity report that the relay reads: 89 days. */
const SHOWN_HOURS = 89 * 24;

/** Accounts of the Vault, which are shared by the users of the site. */
export const vaultAccounts: SourceType = {
  sync,
  checkout,
  rotation,
  oldCheckouts,
  rules: (rule) => {
    const { select, autoRotated, rotationWindowMinutes } = parseAccountRule(rule);
    return {
      accessKind: 'opening-reads',
      callsPerItem: 2,
      opens: 'credential',
      labels: {
        accountName: {},
        groupName: {},
        accountType: {},
        policyName: {},
        accountId: {},
        userName: { ofRead: true },
        certificate: { ofRead: true },
      },
      needs: NEEDS,
      groupLabel: 'groupName',
      shownHours: SHOWN_HOURS,
      // Names are not unique, not even in a group.
      distinguishingPlaceholder: '{accountId}',
      hasPassphrase: false,
      patterns: {
        accountName: select.names,
        groupName: select.groups,
        policyName: select.policies,
        accountType: select.types,
      },
      address: ADDRESS,
      ...(autoRotated === false && { refusal: refuseAutoRotated }),
      // An account that the site rotates after check-ins is refused, so a change in this time is that of a person.
      rotationWindowMinutes: autoRotated === true ? rotationWindowMinutes : 0,
      rotationFix: 'Give the account an account policy that does not change it after each check-in, or exclude it.',
    };
  },
};
