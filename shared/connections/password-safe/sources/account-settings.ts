import * as z from 'zod';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { valueTemplate } from '#shared/config/schema/sync.ts';
import { ACCOUNT_TYPES } from '#shared/connections/password-safe/account.ts';
import { ACCESS_FOR, HANDED_OUT, type HandedOut } from '#shared/connections/password-safe/delivered.ts';
import { CREDENTIAL_KINDS, type CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import { accountIn } from '#shared/connections/password-safe/sources/account-items.ts';
import { parseRule } from '#shared/connections/password-safe/sources/parse.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

/** What rules about accounts have in common, by whichever name the accounts are asked for. */

export const selectedSystems = {
  systems: globs.describe(`Names of managed systems. ${GLOBS}`),
  accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
  domains: globs.describe(`Names of domains; that of a local account is empty. ${GLOBS}`),
};

/** The settings of a sync. */
export const credentialSettings = {
  credential: z
    .enum(CREDENTIAL_KINDS)
    .default('password')
    .describe('Which credential of each account: its password, or its private key (DSS key).'),
  value: valueTemplate
    .optional()
    .describe(
      'What each secret holds: a JSON object of templates, or one template for plain text. When left out an object of username and password, or of username, privateKey and passphrase.',
    ),
  requestMinutes: z
    .int()
    .min(1)
    .max(525_600)
    .default(15)
    .describe('How long each request lives if it were never checked in.'),
  rotationWindowMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe(
      'A change within this time after our own check-in, or after our release by the ISA role, is taken for the vault rotating after release.',
    ),
};

export const access = z
  .enum(['request', 'isa'])
  .default('request')
  .describe('Through a request, or at once where the user has the role of an Information Systems Administrator.');

const DEFAULT_VALUES = {
  password: { username: '{accountName}', password: '{credential}' },
  dsskey: { username: '{accountName}', privateKey: '{credential}', passphrase: '{passphrase}' },
} as const;

type Value = z.infer<typeof valueTemplate>;

/** A sync with the value that suits its credential, where it has none of its own. */
export const withDefaultValue = <T extends { credential: CredentialKind; value?: Value | undefined }>(sync: T) => ({
  ...sync,
  value: sync.value ?? { ...DEFAULT_VALUES[sync.credential] },
});

/** What the vault itself reads of a sync or a checkout, which the whole shape was checked by when it was deployed. */
const ruleSchema = z.object({
  select: z
    .object({
      systems: globs,
      accounts: globs,
      domains: globs,
      aliases: globs,
      workgroups: globs,
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]),
    })
    .prefault({}),
  access: z.enum(['request', 'isa']).default('request'),
  credential: z.enum(CREDENTIAL_KINDS).default('password'),
  handsOut: z.enum(HANDED_OUT).optional(),
  requestMinutes: z.int().default(15),
  /** A checkout has none. */
  rotationWindowMinutes: z.int().default(0),
  ticketSystemId: z.int().optional(),
});

export interface AccountRule extends Omit<z.infer<typeof ruleSchema>, 'credential' | 'handsOut'> {
  /** Of a sync its credential. */
  readonly handsOut: HandedOut;
}

export const parseAccountRule = (rule: Source): AccountRule => {
  const { credential, handsOut = credential, ...settings } = parseRule(ruleSchema, rule);
  return { ...settings, handsOut };
};

/** The labels of accounts that names may use, and values, too. */
export const ACCOUNT_LABELS = {
  accountName: {},
  accountId: {},
  systemName: {},
  systemId: {},
  domainName: {},
} as const;

/** The vault says beforehand whether its user may read an account by the ISA role. */
const refuseWithoutRole = (item: Item): RelayError | undefined => {
  try {
    if (accountIn(item).isaAccess) return undefined;
  } catch (thrown) {
    return asRelayError(thrown, `Looking at ${item.title}`);
  }
  return new RelayError(
    'NotRequestable',
    `The user has no ISA access to ${item.title}. Give it the ISA role on a Smart Rule with the account, or let the sync open requests: access: request.`,
  );
};

/** What follows from a rule about accounts, whatever they are called by. */
export const rulesOfAccounts = ({ access, handsOut, select, requestMinutes, rotationWindowMinutes }: AccountRule) =>
  ({
    ...(access === 'isa'
      ? ({ wayIn: 'plain-reads', refusal: refuseWithoutRole } as const)
      : ({ wayIn: 'leases', leaseMinutes: { setting: 'requestMinutes', minutes: requestMinutes } } as const)),
    opens: ACCESS_FOR[handsOut] === 'View' ? 'credential' : 'target-session',
    toTellApart: '{domainName} or {accountId}',
    hasPassphrase: handsOut === 'dsskey',
    patterns: { systemName: select.systems, accountName: select.accounts, domainName: select.domains },
    rotationWindowMinutes,
  }) as const satisfies Partial<SourceRules>;
