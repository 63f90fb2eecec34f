import * as z from 'zod';
import { wrongFormat } from '#shared/config/schema/fields.ts';

const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'use the name of a Secrets Manager secret, not its ARN and never the value');

const clientCertificate = z
  .strictObject({
    secret: secretName.describe(
      'Name of the Secrets Manager secret that holds the certificate: a PKCS#12 file, or JSON with pkcs12Base64 and passphrase, or with certificate, privateKey and passphrase in PEM.',
    ),
  })
  .optional()
  .describe('What to show to a vault whose API registration requires a client certificate.');

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
        bootstrapSecret: secretName.describe(
          'Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"}.',
        ),
        runAs: z.string().min(1).optional().describe('The user to impersonate, sent as the RunAs header.'),
        clientCertificate,
      }),
      z.strictObject({
        type: z.literal('api-key').describe('An API registration with a key, and the user it runs as.'),
        bootstrapSecret: secretName.describe(
          'Name of the Secrets Manager secret that holds {"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…", "totpSeed": "…"}; the last two only where the vault asks for them.',
        ),
        clientCertificate,
        pushSeconds: z
          .int()
          .min(1)
          .max(300)
          .optional()
          .describe('How long each sign-in waits for somebody to answer the push of a second factor.'),
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

/** A vault to read from. */
export const connection = z.discriminatedUnion('type', [passwordSafe]);
