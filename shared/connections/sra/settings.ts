import * as z from 'zod';
import { commonConnection, httpsAddress } from '#shared/config/schema/connection.ts';
import { secretName } from '#shared/config/schema/fields.ts';

const EXAMPLE = 'https://pra.example.com';

/** The APIs are at fixed paths of the site. */
const address = httpsAddress('address of the site', EXAMPLE).refine((url) => new URL(url).pathname === '/', {
  error: ({ input }) => `write the site alone, without a path: ${new URL(z.string().parse(input)).origin}`,
});

/** Calls a second that the site allows an API account, over all of its clients. Source: its API documentation. */
const MAX_PER_SECOND = 20;

/** An entry under `connections` for the Vault of a PRA or RS site. */
export const sraSettings = z.strictObject({
  type: z.literal('sra').describe('Vault of BeyondTrust Privileged Remote Access or Remote Support.'),
  ...commonConnection,
  url: address,
  authentication: z
    .strictObject({
      bootstrapSecret: secretName
        .meta({ examples: ['bootstrap/pra'] })
        .describe(
          'Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"} of an API account of its own.',
        ),
    })
    .meta({ examples: [{ bootstrapSecret: 'bootstrap/pra' }] })
    .describe('The API account. No other stack and no other program may use it. Its secret is never in this file.'),
  limits: z
    .strictObject({
      ...commonConnection.limits.unwrap().shape,
      inFlight: z
        .int()
        .min(1)
        .max(MAX_PER_SECOND)
        .default(8)
        .describe('Maximum of concurrent calls to the site, over all functions of the stack.'),
      perSecond: z
        .int()
        .min(1)
        .max(MAX_PER_SECOND)
        .default(15)
        .describe(
          `Maximum of calls to the site in any second, over all functions of the stack. The site allows an API account ${MAX_PER_SECOND}.`,
        ),
    })
    .prefault({})
    .describe('Limits on the load of the site.'),
});
export type SraSettings = z.output<typeof sraSettings>;
