import * as z from 'zod';
import { name, schedule, secretName } from '#shared/config/schema/fields.ts';
import { INPUT_FORMATS } from '#shared/domain/blueprint/inputs.ts';

const input = z.strictObject({
  format: z
    .enum(INPUT_FORMATS)
    .default('word')
    .describe(
      'word: up to 64 letters, digits, dots, hyphens and underscores; address: an IPv4 or IPv6 address; text: up to 120 characters in one line.',
    ),
  default: z.string().min(1).optional().describe('Text that is used if a message does not contain the input.'),
});

/**
 * Settings common to all resources of a blueprint, as a raw shape. A resource type spreads them into its settings,
 * beside `type` and its own settings.
 */
export const commonResource = {
  adopt: z
    .boolean()
    .default(false)
    .describe(
      'True if an existing object without a mark is taken over. It is then kept up to date, and released, not deleted, at the end.',
    ),
};

/**
 * Source of the first password of an account. No message, record or relay.yaml contains a password.
 */
export const initialPassword = z
  .discriminatedUnion('from', [
    z.strictObject({
      from: z.literal('relay').describe('The relay generates it by the password rule of the account.'),
    }),
    z.strictObject({
      from: z
        .literal('vault')
        .describe('The vault generates and sets it. Requires a functional account and automatic management.'),
    }),
    z.strictObject({
      from: z.literal('secret').describe('It is read from a secret.'),
      secret: secretName
        .meta({ examples: ['initial/root'] })
        .describe("Name of a Secrets Manager secret in the stack's account and region, whose text is the password."),
    }),
  ])
  .meta({ examples: [{ from: 'relay' }] });

const ec2 = z.strictObject({
  tag: z
    .string()
    .regex(/^[\w.:/=+@-]{1,127}$/, 'use the key of a tag, such as pam-relay:blueprint')
    .default('pam-relay:blueprint')
    .describe('Key of the tag whose value is the name of this entry. Machines without it are ignored.'),
  accounts: z
    .array(z.string().regex(/^\d{12}$/, 'use the 12 digits of an AWS account, in quotes'))
    .min(1, "name at least the account of the stack, such as ['111122223333']")
    .meta({ examples: [['111122223333']] })
    .describe('Accounts whose machines may name this entry.'),
  vpcs: z
    .array(z.string().regex(/^vpc-[0-9a-f]+$/, 'use the id of a VPC, such as vpc-0a1b2c3d'))
    .min(1, 'name at least one VPC, such as [vpc-0a1b2c3d]')
    .meta({ examples: [['vpc-0a1b2c3d']] })
    .describe('VPCs whose machines may name this entry.'),
  inputs: z
    .record(
      name,
      z.union([
        z.enum(['instance-id', 'private-ip', 'private-dns', 'public-ip'], {
          error: 'use instance-id, private-ip, private-dns, public-ip, or { tag: KEY } for the value of a tag',
        }),
        z.strictObject({
          tag: z
            .string()
            .min(1)
            .max(128)
            .meta({ examples: ['owner'] })
            .describe('Key of a tag, whose value is the input.'),
        }),
      ]),
    )
    .meta({ examples: [{ host: 'private-dns' }] })
    .describe('Source of each input. Anyone who may tag a machine chooses the values of its tags.'),
});

const drift = z.strictObject({
  schedule: schedule.describe('Schedule of the comparison of every subject with the blueprint.'),
  repair: z.boolean().default(false).describe('True if differences are corrected. Otherwise they are only reported.'),
});

const removal = z.strictObject({
  graceDays: z
    .int()
    .min(0)
    .max(90)
    .default(7)
    .describe('Days between the withdrawal of access and the deletion. A subject that returns is enabled again.'),
  maxPerDay: z
    .int()
    .min(0)
    .max(10_000)
    .default(20)
    .describe('Maximum of subjects that are deleted on one day (UTC). Further ones wait, and raise an alarm.'),
});

const proof = z.strictObject({
  credentials: z.boolean().default(true).describe('True if the vault tests the password of each account.'),
  access: name
    .optional()
    .describe('Connection whose user must be able to check out each account, which is tested without a checkout.'),
});

/** A blueprint whose resources have been checked, or are to be checked by {@link blueprintAround}. */
export const blueprintAround = <Resource extends z.ZodType>(resource: Resource) =>
  z.strictObject({
    connection: name
      .meta({ examples: ['vault-admin'] })
      .describe('Connection to provision in. Its user administers; no sync or checkout may read with it.'),
    inputs: z
      .record(name, input)
      .default({})
      .describe('Texts that a message provides, each under a name, which is its placeholder in the resources.'),
    resources: z
      .record(name, resource)
      .refine((resources) => Object.keys(resources).length > 0, 'write at least one resource')
      .describe(
        'Objects to provision, in the order of the file. A setting that names another resource comes after it.',
      ),
    proof: proof.prefault({}).describe('Tests at the end of provisioning.'),
    drift: drift.optional().describe('Search for differences that someone else has made.'),
    removal: removal.prefault({}).describe('Deprovisioning.'),
    ec2: ec2.optional().describe('EC2 instances that are subjects of this blueprint.'),
  });

/** A resource for generic code. Settings of its type pass through unchanged. */
export const resourceSchema = z.looseObject({ type: z.string(), ...commonResource });
export const blueprintSchema = blueprintAround(resourceSchema);
