import * as z from 'zod';
import { ACCOUNT_TYPES } from '#shared/domain/account.ts';

/**
 * The shape of `relay.yaml`. What one field can say about itself is checked here; what needs two fields to see (a sync
 * that names an unknown connection) is checked by the loader. Every description ends up in the published JSON schema.
 */

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter');

/** A message for what has the wrong format; what is missing or of another type has the loader's words. */
const wrongFormat =
  (message: string) =>
  ({ code }: z.core.$ZodRawIssue): string | undefined =>
    code === 'invalid_format' ? message : undefined;

const globs = z.array(z.string().min(1)).default([]);
const GLOBS = 'Patterns with * as wildcard, not case-sensitive; one that begins with ! excludes. Empty selects all.';

const scheduleExpression = z
  .string()
  .regex(/^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\(\S+( \S+){5}\))$/, {
    message: 'write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)',
  });

/** Formatting knows every zone, its old names too, but getting ready for it costs a cold start 15 ms. */
const isTimeZone = (zone: string): boolean =>
  zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone) || isFormattable(zone);

const isFormattable = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

const schedule = z.strictObject({
  expression: scheduleExpression.describe('An EventBridge Scheduler expression: rate(1 hour) or cron(0 3 * * ? *).'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'use a name from the IANA time zone database, such as Europe/Vienna')
    .default('UTC')
    .describe('The time zone of a cron expression, by its IANA name.'),
  flexibleMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(5)
    .describe(
      'The start is spread over this many minutes, so that syncs do not all start together; 0 for exactly on time.',
    ),
});

const bootstrapSecret = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'use the name of a Secrets Manager secret, not its ARN and never the value');

/** Nothing but the place: an address with a user, a password or a query in it would put a credential into a reviewed file. */
const isBareAddress = (address: string): boolean => {
  const { username, password, search, hash } = new URL(address);
  return username + password + search + hash === '';
};

const passwordSafe = z.strictObject({
  type: z.literal('password-safe').describe('BeyondTrust Password Safe.'),
  url: z
    .url({
      protocol: /^https$/,
      abort: true,
      error: wrongFormat(
        'use the https address of the public API, such as https://pam.example.com/BeyondTrust/api/public/v3',
      ),
    })
    .refine(isBareAddress, 'leave user, password, query and fragment out of the address')
    .transform((url) => url.replace(/\/+$/, ''))
    .describe('Address of the public API, such as https://pam.example.com/BeyondTrust/api/public/v3.'),
  authentication: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('oauth').describe('An application user with client id and client secret.'),
        bootstrapSecret: bootstrapSecret.describe(
          'Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"}.',
        ),
        runAs: z.string().min(1).optional().describe('The user to impersonate, sent as the RunAs header.'),
      }),
      z.strictObject({
        type: z.literal('api-key').describe('An API registration with a key, and the user it runs as.'),
        bootstrapSecret: bootstrapSecret.describe(
          'Name of the Secrets Manager secret that holds {"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…"}; the password is optional.',
        ),
      }),
    ])
    .describe('How to sign in. The credential itself is never in this file.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe("Path, from relay.yaml, of a PEM file with the CA that signed the vault's certificate; or the PEM text."),
  limits: z
    .strictObject({
      inFlight: z
        .int()
        .min(1)
        .max(200)
        .default(16)
        .describe('Calls to the vault at the same time, over all batches of one sync.'),
      perSecond: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe('Calls to the vault a second, over all batches of one sync, counted in tenths of a second.'),
      timeoutSeconds: z.int().min(1).max(300).default(30).describe('How long one call may take, its answer included.'),
    })
    .prefault({})
    .describe('How hard the vault may be worked.'),
});

const awsSecretsManager = z.strictObject({
  type: z.literal('aws-secrets-manager').describe('AWS Secrets Manager of the account and region of the stack.'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .optional()
    .describe('The key that encrypts delivered secrets; the key of the stack when left out.'),
});

const template = z.string().min(1);

/** CloudWatch looks back seven days at most when it evaluates an alarm (PutMetricAlarm, `EvaluationPeriods`). */
const MAXIMUM_STALE_HOURS = 168;

const sync = z.strictObject({
  connection: name.describe('The connection to read from.'),
  store: name.describe('The store to deliver into.'),
  select: z
    .strictObject({
      systems: globs.describe(`Names of managed systems. ${GLOBS}`),
      accounts: globs.describe(`Names of managed accounts. ${GLOBS}`),
      domains: globs.describe(`Names of domains; that of a local account is empty. ${GLOBS}`),
      workgroups: globs.describe(`Names of workgroups. ${GLOBS}`),
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
    })
    .prefault({})
    .describe('Which accounts to deliver; every account that the connection may request when left out.'),
  name: template.describe(
    'Name of each secret, such as prod/{systemName}/{accountName}. It begins with a folder of its own, and tells account and system.',
  ),
  value: z
    .union([template, z.record(z.string().min(1), template)])
    .default({ username: '{accountName}', password: '{credential}' })
    .describe('What each secret holds: a JSON object of templates, or one template for plain text.'),
  schedule: schedule.describe('When to look for changed credentials and deliver them.'),
  verify: schedule
    .optional()
    .describe('When to compare every value itself, and not only the date of its change. Reads every credential.'),
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
    .describe('A change within this time after our own check-in is taken for the vault rotating after release.'),
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
    .describe('What becomes of secrets of this sync whose account is no longer selected.'),
  batchSize: z.int().min(1).max(250).default(100).describe('Accounts that one batch handles.'),
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
});

const existingNetwork = z
  .strictObject({
    type: z.literal('existing').describe('Subnets of a VPC of yours, from which the vault can be reached.'),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]+$/, 'use the id of a VPC, such as vpc-0a1b2c3d')
      .describe('Id of the VPC.'),
    subnetIds: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, 'use the id of a subnet, such as subnet-0a1b2c3d'))
      .min(1)
      .describe('Ids of the subnets to run in.'),
    availabilityZones: z.array(z.string().min(1)).min(1).describe('The zone of each subnet, in the same order.'),
  })
  .refine(({ subnetIds, availabilityZones }) => subnetIds.length === availabilityZones.length, {
    path: ['availabilityZones'],
    message: 'write one availability zone for each subnet, in the same order',
  });

const fixedEgress = z.strictObject({
  type: z.literal('fixed-egress').describe('A new VPC with one outgoing address.'),
  cidr: z
    .cidrv4({ error: wrongFormat('use an IPv4 range, such as 10.87.0.0/24') })
    .default('10.87.0.0/24')
    .describe('Address range of the new VPC.'),
});

const reap = z.strictObject({
  everyMinutes: z.int().min(1).max(1440).default(15).describe('How often left-over requests are looked for.'),
  alarmAfterMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe('How old a left-over request may get before it raises an alarm.'),
});

const alerts = z.strictObject({
  emails: z
    .array(z.email({ error: wrongFormat('use an e-mail address') }))
    .default([])
    .describe('Addresses that are asked to subscribe to the alerts.'),
});

const connection = z.discriminatedUnion('type', [passwordSafe]);
const store = z.discriminatedUnion('type', [awsSecretsManager]);

/** The sections whose entries have a name; each entry is a thing of its own, and can be checked without the rest. */
export const entrySchemas = { connections: connection, stores: store, syncs: sync };

export const relayConfigSchema = z.strictObject({
  relay: name
    .default('pam-relay')
    .describe("Name of this relay: part of its stack name, its owner tags and every request's reason."),
  connections: z.record(name, connection).describe('The vaults to read from, by a name of your choice.'),
  stores: z.record(name, store).describe('Where credentials are delivered, by a name of your choice.'),
  syncs: z
    .record(name, sync)
    .refine((syncs) => Object.keys(syncs).length > 0, 'write at least one sync')
    .describe('What to deliver from which connection into which store, by a name of your choice.'),
  reap: reap.prefault({}).describe('The search for requests that a run which died has left behind.'),
  alerts: alerts.prefault({}).describe('Who is told about alarms and PARTIAL runs.'),
  logRetentionDays: z.literal([7, 14, 30, 90, 180, 365, 731]).default(90).describe('How long logs are kept.'),
  network: z
    .discriminatedUnion('type', [existingNetwork, fixedEgress])
    .optional()
    .describe(
      'Where the functions run: in subnets of yours, or in a new VPC whose one outgoing address you can put into the API registration. Outside of any VPC when left out.',
    ),
});

/** A whole relay.yaml, checked, with every default filled in. */
export type RelayConfig = z.infer<typeof relayConfigSchema>;
export type ConnectionConfig = RelayConfig['connections'][string];
export type StoreConfig = RelayConfig['stores'][string];
export type SyncConfig = RelayConfig['syncs'][string];
