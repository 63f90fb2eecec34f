import * as z from 'zod';
import { wrongFormat } from '#shared/config/schema/fields.ts';

const existingNetwork = z
  .strictObject({
    type: z.literal('existing').describe('Subnets of your own VPC, from which the vault can be reached.'),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]+$/, 'use the id of a VPC, such as vpc-0a1b2c3d')
      .meta({ examples: ['vpc-0a1b2c3d'] })
      .describe('Id of the VPC.'),
    subnetIds: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, 'use the id of a subnet, such as subnet-0a1b2c3d'))
      .min(1)
      .meta({ examples: [['subnet-0a1b2c3d']] })
      .describe('Ids of the subnets for the functions.'),
    availabilityZones: z
      .array(z.string().min(1))
      .min(1)
      .meta({ examples: [['eu-central-1a']] })
      .describe('Availability zone of each subnet, in the same order.'),
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

/** Network of the functions. */
export const network = z.discriminatedUnion('type', [existingNetwork, fixedEgress]);
