import * as z from 'zod';
import { commonConnection, httpsAddress } from '#shared/config/schema/connection.ts';
import { secretName } from '#shared/config/schema/fields.ts';

const clientCertificate = z
  .strictObject({
    secret: secretName.describe(
      'Name of the Secrets Manager secret that holds the certificate: a PKCS#12 file, or JSON with pkcs12Base64 and passphrase, or with certificate, privateKey and passphrase in PEM.',
    ),
  })
  .optional()
  .describe('Client certificate for a vault whose API registration requires one.');

/** An entry under `connections` for a Password Safe. */
export const passwordSafeSettings = z.strictObject({
  type: z.literal('password-safe').describe('BeyondTrust Password Safe.'),
  ...commonConnection,
  url: httpsAddress('address of the public API', 'https://pam.example.com/BeyondTrust/api/public/v3'),
  authentication: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('oauth').describe('An application user with client id and client secret.'),
        bootstrapSecret: secretName.describe(
          'Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"}.',
        ),
        runAs: z.string().min(1).optional().describe('User to impersonate, sent as the RunAs header.'),
        clientCertificate,
      }),
      z.strictObject({
        type: z.literal('api-key').describe('An API registration with a key, and the user it runs as.'),
        bootstrapSecret: secretName.describe(
          'Name of the Secrets Manager secret that holds {"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…", "totpSeed": "…"}; the last two only if the vault requires them.',
        ),
        clientCertificate,
        pushSeconds: z
          .int()
          .min(1)
          .max(300)
          .optional()
          .describe('Maximum wait of each sign-in for the answer to a second-factor push.'),
      }),
    ])
    .describe('How to sign in. The credential itself is never in this file.'),
});
export type PasswordSafeSettings = z.output<typeof passwordSafeSettings>;
