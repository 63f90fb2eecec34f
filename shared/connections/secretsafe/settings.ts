import * as z from 'zod';
import { commonConnection, httpsAddress } from '#shared/config/schema/connection.ts';
import { secretName } from '#shared/config/schema/fields.ts';

const EXAMPLE = 'https://secretsafe.example.com';

const address = httpsAddress('address of SecretSafe', EXAMPLE).refine((url) => new URL(url).pathname === '/', {
  error: ({ input }) => `write the site alone, without a path: ${new URL(z.string().parse(input)).origin}`,
});

/** True if an address leaves out what the relay adds to it. */
const endsBefore =
  (path: string) =>
  (url: string): boolean =>
    !new RegExp(`${path}(?:/|$)`).test(new URL(url).pathname);

/** An entry under `connections` for an organization of SecretSafe. */
export const secretSafeSettings = z.strictObject({
  type: z
    .literal('secretsafe')
    .describe('Organization in SecretSafe, or in a server that is compatible with Bitwarden.'),
  ...commonConnection,
  url: address,
  identityUrl: httpsAddress('address of the identity service', 'https://identity.bitwarden.com')
    .refine(endsBefore('/connect/token'), 'write the address without /connect/token, which the relay adds')
    .optional()
    .describe('Address of the identity service, if it is not {url}/identity.'),
  apiUrl: httpsAddress('address of the API', 'https://api.bitwarden.com')
    .refine(endsBefore('/public'), 'write the address without /public, which the relay adds')
    .optional()
    .describe('Address of the API, if it is not {url}/api.'),
  authentication: z
    .strictObject({
      bootstrapSecret: secretName
        .meta({ examples: ['bootstrap/secretsafe'] })
        .describe(
          'Name of the Secrets Manager secret that holds {"clientId": "organization.…", "clientSecret": "…"}, the API key of the organization.',
        ),
    })
    .meta({ examples: [{ bootstrapSecret: 'bootstrap/secretsafe' }] })
    .describe('The API key of the organization. It is never in this file.'),
  limits: z
    .strictObject({
      ...commonConnection.limits.unwrap().shape,
      inFlight: z
        .int()
        .min(1)
        .max(50)
        .default(4)
        .describe('Maximum of concurrent calls to the server, over all functions of the stack.'),
      perSecond: z
        .int()
        .min(1)
        .max(1000)
        .default(3)
        .describe(
          'Maximum of calls to the server in any second, over all functions of the stack. The cloud allows an address 200 reads a minute; a server of your own usually has no limit.',
        ),
    })
    .prefault({})
    .describe('Limits on the load of the server.'),
});
export type SecretSafeSettings = z.output<typeof secretSafeSettings>;
