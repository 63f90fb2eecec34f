import * as z from 'zod';
import { GLOBS, globs, name, schedule, template } from '#shared/config/schema/fields.ts';
import { ACCOUNT_TYPES } from '#shared/domain/account.ts';
import { CREDENTIAL_KINDS } from '#shared/domain/credential.ts';
import { SAFE_SECRET_TYPES } from '#shared/domain/safe-secret.ts';

/** CloudWatch looks back seven days at most when it evaluates an alarm (PutMetricAlarm, `EvaluationPeriods`). */
const MAXIMUM_STALE_HOURS = 168;

const value = z.union([template, z.record(z.string().min(1), template)]);

/** What every sync has, whatever it delivers. */
const common = {
  connection: name.describe('The connection to read from.'),
  store: name.describe('The store to deliver into.'),
  name: template.describe(
    'Name of each secret, such as prod/{systemName}/{accountName}. It begins with a folder of its own, and tells apart what is delivered.',
  ),
  schedule: schedule.describe('When to look for changed credentials and deliver them.'),
  verify: schedule
    .optional()
    .describe('When to compare every value itself, and not only the date of its change. Reads every credential.'),
  orphans: z
    .discriminatedUnion('policy', [
      z.strictObject({ policy: z.literal('keep').describe('They stay as they are.') }),
      z.strictObject({
        policy: z.literal('delete').describe('They are scheduled for deletion.'),
        budget: z
          .int()
          .min(0)
          .max(1000)
          .default(5)
          .describe('A run that would delete more than this deletes nothing and says so.'),
        recoveryDays: z.int().min(7).max(30).default(30).describe('How long a deleted secret can be restored.'),
      }),
    ])
    .default({ policy: 'keep' })
    .describe('What becomes of secrets of this sync whose source is no longer selected.'),
  batchSize: z.int().min(1).max(250).default(100).describe('What one batch handles.'),
  concurrency: z
    .int()
    .min(1)
    .max(40)
    .default(2)
    .describe('Batches at the same time; they share the limits of the connection.'),
  staleAfterHours: z
    .int()
    .min(1)
    .max(MAXIMUM_STALE_HOURS)
    .default(24)
    .describe('Alarm when no run has succeeded for this long.'),
};

const selectedSystems = {
  systems: globs.describe(`Names of managed systems. ${GLOBS}`),
  accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
  domains: globs.describe(`Names of domains; that of a local account is empty. ${GLOBS}`),
};

/** What a sync of accounts has, by whichever name they are asked for. */
const ofAccounts = {
  credential: z
    .enum(CREDENTIAL_KINDS)
    .default('password')
    .describe('Which credential of each account: its password, or its private key (DSS key).'),
  value: value
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

const DEFAULT_VALUES = {
  password: { username: '{accountName}', password: '{credential}' },
  dsskey: { username: '{accountName}', privateKey: '{credential}', passphrase: '{passphrase}' },
} as const;

type Value = z.infer<typeof value>;
type Credential = (typeof CREDENTIAL_KINDS)[number];

const withDefaultValue = <T extends { credential: Credential; value?: Value | undefined }>(sync: T) => ({
  ...sync,
  value: sync.value ?? { ...DEFAULT_VALUES[sync.credential] },
});

const accounts = z
  .strictObject({
    source: z.literal('accounts').default('accounts').describe('Managed accounts.'),
    ...common,
    ...ofAccounts,
    select: z
      .strictObject({
        ...selectedSystems,
        workgroups: globs.describe(`Names of workgroups. ${GLOBS}`),
        types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
      })
      .prefault({})
      .describe('Which accounts to deliver; every account that the connection may request when left out.'),
    access: z
      .enum(['request', 'isa'])
      .default('request')
      .describe('Through a request, or at once where the user has the role of an Information Systems Administrator.'),
  })
  .transform(withDefaultValue);

const aliases = z
  .strictObject({
    source: z.literal('aliases').describe('Aliases, each of which points at one account of several at a time.'),
    ...common,
    ...ofAccounts,
    select: z
      .strictObject({
        aliases: globs.describe(`Names of aliases. ${GLOBS}`),
        ...selectedSystems,
      })
      .prefault({})
      .describe('Which aliases to deliver, by their own names and by the account that each points at now.'),
  })
  .transform(withDefaultValue);

const secretsSafe = z.strictObject({
  source: z.literal('secrets-safe').describe('Credentials, texts and files of Secrets Safe.'),
  ...common,
  value: value
    .default({ username: '{username}', password: '{credential}' })
    .describe(
      'What the secret of a credential holds: a JSON object of templates, or one template for plain text. Texts and files are delivered as they are.',
    ),
  select: z
    .strictObject({
      folders: globs.describe(`Paths of folders, such as Payments/Databases. ${GLOBS}`),
      titles: globs.describe(`Titles of secrets. ${GLOBS}`),
      types: z.array(z.enum(SAFE_SECRET_TYPES)).default([]).describe('Kinds of secret; empty selects all.'),
    })
    .prefault({})
    .describe('Which secrets to deliver; every secret that the connection may read when left out.'),
  apiVersion: z
    .enum(['3.0', '3.1', '3.2'])
    .default('3.0')
    .describe(
      "The version of the vault's answers. From 3.2 on they say when the value itself has changed; before, a new description counts as a change, too.",
    ),
});

/** A rule that keeps a store in step with a vault. */
export const sync = z.discriminatedUnion('source', [accounts, aliases, secretsSafe]);
