import { z } from 'zod';
import { ACCOUNT_TYPES } from '#shared/domain/account.ts';

/**
 * The shape of `relay.yaml`. What one field can say about itself is checked here; what needs two fields to see (a sync
 * that names an unknown connection) is checked by the loader. Every description ends up in the published JSON schema.
 */

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter');

const globs = z
  .array(z.string().min(1))
  .default([])
  .describe('Patterns with * as wildcard, not case-sensitive; one that begins with ! excludes. Empty selects all.');

const scheduleExpression = z
  .string()
  .regex(/^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\(\S+( \S+){5}\))$/, {
    message: 'write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)',
  });

const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

const schedule = z.strictObject({
  expression: scheduleExpression,
  timeZone: z
    .string()
    .refine(isTimeZone, 'use a name from the IANA time zone database, such as Europe/Vienna')
    .default('UTC'),
  flexibleMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(5)
    .describe(
      'The start is spread over this many minutes, so that syncs do not all start together; 0 for exactly on time.',
    ),
});

const passwordSafe = z.strictObject({
  type: z.literal('password-safe'),
  url: z
    .url({
      protocol: /^https$/,
      error: 'use the https address of the public API, such as https://pam.example.com/BeyondTrust/api/public/v3',
    })
    .transform((url) => url.replace(/\/+$/, '')),
  authentication: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('oauth'),
      bootstrapSecret: z
        .string()
        .min(1)
        .describe('Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"}.'),
      runAs: z.string().min(1).optional().describe('The user to impersonate, sent as the RunAs header.'),
    }),
    z.strictObject({
      type: z.literal('api-key'),
      bootstrapSecret: z
        .string()
        .min(1)
        .describe(
          'Name of the Secrets Manager secret that holds {"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…"}; the password is optional.',
        ),
    }),
  ]),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a PEM file with the CA that signed the vault's certificate, beside relay.yaml."),
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
        .describe('Calls to the vault a second, over all batches of one sync.'),
      timeoutSeconds: z.int().min(1).max(300).default(30).describe('How long one call may take, its answer included.'),
    })
    .prefault({}),
});

const awsSecretsManager = z.strictObject({
  type: z.literal('aws-secrets-manager'),
  kmsKeyArn: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'use the full ARN of a KMS key')
    .optional()
    .describe('The key that encrypts delivered secrets; the key of the stack when left out.'),
});

const template = z.string().min(1);

const sync = z.strictObject({
  connection: name.describe('The connection to read from.'),
  store: name.describe('The store to deliver into.'),
  select: z
    .strictObject({
      systems: globs,
      accounts: globs,
      domains: globs,
      workgroups: globs,
      types: z.array(z.enum(ACCOUNT_TYPES)).default([]).describe('Kinds of account; empty selects all.'),
    })
    .prefault({}),
  name: template.describe('Name of each secret, such as prod/{systemName}/{accountName}.'),
  value: z
    .union([template, z.record(z.string().min(1), template)])
    .default({ username: '{accountName}', password: '{credential}' })
    .describe('What each secret holds: a JSON object of templates, or one template for plain text.'),
  schedule,
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
      z.strictObject({ policy: z.literal('keep') }),
      z.strictObject({
        policy: z.literal('delete'),
        budget: z
          .int()
          .min(0)
          .max(1000)
          .default(5)
          .describe('A run that would delete more than this deletes nothing and says so.'),
        recoveryDays: z.int().min(7).max(30).default(30),
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
  staleAfterHours: z.int().min(1).max(720).default(24).describe('Alarm when no run has succeeded for this long.'),
});

const network = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('existing'),
      vpcId: z.string().regex(/^vpc-[0-9a-f]+$/),
      subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/)).min(1),
      availabilityZones: z.array(z.string().min(1)).min(1),
    }),
    z.strictObject({
      type: z.literal('fixed-egress'),
      cidr: z
        .string()
        .regex(/^\d+\.\d+\.\d+\.\d+\/\d+$/)
        .default('10.87.0.0/24'),
    }),
  ])
  .describe(
    'Where the functions run: in subnets of yours, or in a new VPC whose one outgoing address you can put into the API registration.',
  );

export const relayConfigSchema = z.strictObject({
  relay: name
    .default('pam-relay')
    .describe("Name of this relay: part of its stack name, its owner tags and every request's reason."),
  connections: z.record(name, z.discriminatedUnion('type', [passwordSafe])),
  stores: z.record(name, z.discriminatedUnion('type', [awsSecretsManager])),
  syncs: z.record(name, sync),
  reap: z
    .strictObject({ everyMinutes: z.int().min(1).max(1440).default(15), alarmAfterMinutes: z.int().min(1).default(60) })
    .prefault({})
    .describe('How often left-over requests are looked for, and how old one may get before it raises an alarm.'),
  alerts: z
    .strictObject({ emails: z.array(z.email()).default([]) })
    .prefault({})
    .describe('Who is told about alarms and PARTIAL runs.'),
  logRetentionDays: z.union([7, 14, 30, 90, 180, 365, 731].map((days) => z.literal(days))).default(90),
  network: network.optional(),
});

/** A whole relay.yaml, checked, with every default filled in. */
export type RelayConfig = z.infer<typeof relayConfigSchema>;
export type ConnectionConfig = RelayConfig['connections'][string];
export type StoreConfig = RelayConfig['stores'][string];
export type SyncConfig = RelayConfig['syncs'][string];
export type ValueTemplate = SyncConfig['value'];
