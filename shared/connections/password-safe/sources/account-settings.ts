import * as z from 'zod';
import { hints } from '#shared/config/hints.ts';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonRotation } from '#shared/config/schema/rotation.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import { ACCOUNT_TYPES } from '#shared/connections/password-safe/account.ts';
import { ACCESS_FOR, DELIVERED_KINDS, type DeliveredKind } from '#shared/connections/password-safe/delivered.ts';
import { CREDENTIAL_KINDS, type CredentialKind } from '#shared/connections/password-safe/private-key.ts';
import { accountIn } from '#shared/connections/password-safe/sources/account-items.ts';
import { parseRule } from '#shared/connections/password-safe/sources/parse.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';

/** Settings that rules for accounts and for aliases have in common. */

export const selectedSystems = {
  systems: globs.describe(`Names of managed systems. ${GLOBS}`),
  accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
  domains: globs.describe(`Names of domains; empty for a local account. ${GLOBS}`),
};

/** The settings of a sync. */
export const credentialSettings = {
  credential: z
    .enum(CREDENTIAL_KINDS)
    .default('password')
    .describe('Credential of each account: its password, or its private key (DSS key).'),
  value: valueTemplate
    .optional()
    .describe(
      'Content of each secret: a map, which becomes a JSON object and whose texts are templates, or one template for plain text. Default: an object of username and password, or of username, privateKey and passphrase.',
    ),
  requestMinutes: z
    .int()
    .min(1)
    .max(525_600)
    .default(15)
    .describe('Lifetime of each request that is never checked in.')
    .register(hints, { vendorNames: ['DurationMinutes'] }),
  rotationWindowMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe(
      "A change within this time after the relay's check-in, or after its release through the ISA role, counts as the vault's rotation after release.",
    ),
};

export const access = z
  .enum(['request', 'isa'])
  .default('request')
  .describe('Through a request, or directly if the user has the role of Information Systems Administrator (ISA).');

const DEFAULT_VALUES = {
  password: { username: '{accountName}', password: '{credential}' },
  dsskey: { username: '{accountName}', privateKey: '{credential}', passphrase: '{passphrase}' },
} as const;

type Value = z.infer<typeof valueTemplate>;

/** Adds the default value of the credential to a sync without a value. */
export const withDefaultValue = <T extends { credential: CredentialKind; value?: Value | undefined }>(sync: T) => ({
  ...sync,
  value: sync.value ?? { ...DEFAULT_VALUES[sync.credential] },
});

/** Settings that Password Safe reads from a sync or a checkout. Deployment has validated the complete rule. */
const ruleSchema = z.object({
  select: z
    .object({
      systems: globs,
      accounts: globs,
      domains: globs,
      aliases: globs,
      pairs: globs,
      workgroups: globs,
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]),
    })
    .prefault({}),
  access: z.enum(['request', 'isa']).default('request'),
  credential: z.enum(CREDENTIAL_KINDS).default('password'),
  delivers: z.enum(DELIVERED_KINDS).optional(),
  requestMinutes: z.int().default(15),
  /** Absent in a checkout. */
  rotationWindowMinutes: z.int().default(0),
  ticketSystemId: z.int().optional(),
});

export interface AccountRule extends Omit<z.infer<typeof ruleSchema>, 'credential' | 'delivers'> {
  /** The credential, for a sync. */
  readonly delivers: DeliveredKind;
}

export const parseAccountRule = (rule: Source): AccountRule => {
  const { credential, delivers = credential, ...settings } = parseRule(ruleSchema, rule);
  return { ...settings, delivers };
};

/** Account labels that templates for names and values can use. */
export const ACCOUNT_LABELS = {
  accountName: {},
  accountId: {},
  systemName: {},
  systemId: {},
  domainName: {},
} as const;

/** Refuses an account that the vault's list marks as lacking ISA access. */
const refuseWithoutRole = (item: Item): RelayError | undefined => {
  try {
    if (accountIn(item).isaAccess) return undefined;
  } catch (thrown) {
    return asRelayError(thrown, `Checking ${item.title}`);
  }
  return new RelayError(
    'NotRequestable',
    `The user has no ISA access to ${item.title}. Give it the ISA role on a Smart Rule that contains the account, or set access: request in relay.yaml.`,
  );
};

/** Settings common to the rotations of all sources of accounts. `account` names the one that changes. */
export const rotationSettings = (account: string) => ({
  ...commonRotation,
  credential: z
    .enum(CREDENTIAL_KINDS)
    .default('password')
    .describe(`Credential of ${account} that changes: its password, or its private key (DSS key).`),
});

/** Properties of a rule for accounts or aliases. */
export const rulesOfAccounts = ({ access, delivers, select, requestMinutes, rotationWindowMinutes }: AccountRule) =>
  ({
    ...(access === 'isa'
      ? ({ accessKind: 'plain-reads', refusal: refuseWithoutRole } as const)
      : ({ accessKind: 'leases', leaseMinutes: { setting: 'requestMinutes', minutes: requestMinutes } } as const)),
    opens: ACCESS_FOR[delivers] === 'View' ? 'credential' : 'target-session',
    distinguishingPlaceholder: '{domainName} or {accountId}',
    hasPassphrase: delivers === 'dsskey',
    patterns: { systemName: select.systems, accountName: select.accounts, domainName: select.domains },
    rotationWindowMinutes,
    rotationFix:
      'In its access policy turn on "Allow API Rotation Override", or turn off the password change after release.',
  }) as const satisfies Partial<SourceRules>;
