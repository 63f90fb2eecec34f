import * as z from 'zod';
import { commonConnection, httpsAddress } from '#shared/config/schema/connection.ts';
import { name, secretName } from '#shared/config/schema/fields.ts';

const API_PATH = '/api/public/v3';

/** Windows compares paths without case. */
const isApiAddress = (address: string): boolean => address.toLowerCase().endsWith(API_PATH);

/** The address that was probably meant: everything up to the path of the API, or the default path on the same host. */
const apiAddress = (address: string): string => {
  const end = address.toLowerCase().indexOf(`${API_PATH}/`);
  return end >= 0 ? address.slice(0, end + API_PATH.length) : `${new URL(address).origin}/BeyondTrust${API_PATH}`;
};

/** Every call is a path below this address. Another one answers as well, with the page of the web console. */
const address = httpsAddress('address of the public API', `https://pam.example.com/BeyondTrust${API_PATH}`).refine(
  isApiAddress,
  {
    error: ({ input }) => `the path must end in ${API_PATH}; write url: ${apiAddress(z.string().parse(input))}`,
  },
);

const clientCertificate = z
  .strictObject({
    secret: secretName
      .meta({ examples: ['bootstrap/certificate'] })
      .describe(
        'Name of the Secrets Manager secret that holds the certificate: a PKCS#12 file, or JSON with pkcs12Base64 and passphrase, or with certificate, privateKey and passphrase in PEM.',
      ),
  })
  .optional()
  .describe('Client certificate for a vault whose API registration requires one.');

const pairAccount = z.strictObject({
  system: z
    .string()
    .min(1)
    .meta({ examples: ['db-01'] })
    .describe('Name of its managed system.'),
  account: z
    .string()
    .min(1)
    .meta({ examples: ['orders-a'] })
    .describe(String.raw`Name of the managed account; DOMAIN\name for a directory account.`),
});
export type PairAccount = z.output<typeof pairAccount>;

const pair = z.strictObject({
  accounts: z
    .array(pairAccount)
    .length(2, 'name exactly two accounts')
    .describe('Two accounts with the same rights. Readers get one of them, and the other one rotates.'),
});

const textOf = ({ system, account }: PairAccount): string => `${system}/${account}`.toLowerCase();

/** An account of two pairs would change while readers of one of them use it. */
const pairs = z
  .record(name, pair)
  .superRefine((written, context) => {
    const seen = new Set<string>();
    for (const [key, { accounts }] of Object.entries(written)) {
      for (const [index, account] of accounts.entries()) {
        const text = textOf(account);
        if (seen.has(text)) {
          context.addIssue({
            code: 'custom',
            path: [key, 'accounts', index],
            message: `the account ${account.system}/${account.account} is already in a pair; name each account once`,
          });
        }
        seen.add(text);
      }
    }
  })
  .default({})
  .describe('Pairs of accounts that take turns, by names of your choice. The source pairs delivers them.');
export type Pairs = z.output<typeof pairs>;

/** An entry under `connections` for a Password Safe. */
export const passwordSafeSettings = z.strictObject({
  type: z.literal('password-safe').describe('BeyondTrust Password Safe.'),
  ...commonConnection,
  url: address,
  authentication: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('oauth').describe('An application user with client id and client secret.'),
        bootstrapSecret: secretName
          .meta({ examples: ['bootstrap/vault'] })
          .describe('Name of the Secrets Manager secret that holds {"clientId": "…", "clientSecret": "…"}.'),
        runAs: z.string().min(1).optional().describe('User to impersonate, sent as the RunAs header.'),
        clientCertificate,
      }),
      z.strictObject({
        type: z.literal('api-key').describe('An API registration with a key, and the user it runs as.'),
        bootstrapSecret: secretName
          .meta({ examples: ['bootstrap/vault'] })
          .describe(
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
    .meta({ examples: [{ type: 'oauth', bootstrapSecret: 'bootstrap/vault' }] })
    .describe('How to sign in. The credential itself is never in this file.'),
  pairs,
});
export type PasswordSafeSettings = z.output<typeof passwordSafeSettings>;
