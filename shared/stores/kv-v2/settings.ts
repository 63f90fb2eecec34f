import * as z from 'zod';
import { hints } from '#shared/config/hints.ts';
import { wrongFormat } from '#shared/config/schema/fields.ts';
import { commonStore } from '#shared/config/schema/store.ts';

/** Segments of letters, digits and `_.-`, none of which begins with a dot. */
const PATH = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

const path = (what: string, example: string) =>
  z
    .string()
    .regex(PATH, {
      error: wrongFormat(`use the path of the ${what} without a slash at its beginning and end, such as ${example}`),
    })
    .meta({ examples: [example] });

const MAX_WRITES_PER_SECOND = 1000;

/** About a tenth of the writes that one node of integrated storage takes. */
const DEFAULT_WRITES_PER_SECOND = 50;

/** Source: AWS STS API reference, GetWebIdentityToken, `Audience`. */
const MAX_AUDIENCE = 1000;
const AUDIENCE_EXAMPLE = 'https://openbao.example.com';

/** The policy of the functions contains the audience, where a variable would stand for other audiences as well. */
const AUDIENCE = /^[\x21-\x23\x25-\x7e]+$/;

export const kvSettings = z.strictObject({
  type: z.literal('kv-v2').describe('Version 2 of the key-value store of OpenBao or HashiCorp Vault.'),
  ...commonStore,
  url: commonStore.url.clone().register(hints, { vendorNames: ['address', 'VAULT_ADDR', 'BAO_ADDR'] }),
  ca: commonStore.ca.clone().register(hints, { vendorNames: ['ca_cert', 'VAULT_CACERT', 'BAO_CACERT'] }),
  namespace: path('namespace', 'team').optional().describe('Namespace of the mount and of the sign-in.'),
  mount: path('mount', 'secret').default('secret').describe('Mount of the key-value store.'),
  folder: path('folder', 'pam-relay')
    .optional()
    .describe('Folder within the mount that contains all secrets of the relay; the whole mount if left out.'),
  auth: z
    .strictObject({
      mount: path('mount', 'jwt')
        .default('jwt')
        .describe('Mount of the JWT sign-in.')
        .register(hints, { vendorNames: ['auth_path', 'path'] }),
      role: z
        .string()
        .min(1)
        .meta({ examples: ['pam-relay'] })
        .describe('Role of the JWT sign-in that trusts the functions of the stack.')
        .register(hints, { vendorNames: ['role_name'] }),
      audience: z
        .string()
        .max(MAX_AUDIENCE)
        .min(1)
        .refine(
          (text) => AUDIENCE.test(text),
          `contains a space, a dollar sign or a character that is not printable ASCII; write it without, as in audience: ${AUDIENCE_EXAMPLE}`,
        )
        .meta({ examples: [AUDIENCE_EXAMPLE] })
        .describe('Audience of the tokens that AWS issues for the sign-in, as in bound_audiences of the role.')
        .register(hints, { vendorNames: ['bound_audiences', 'aud'] }),
    })
    .describe('Sign-in with a token that AWS issues for the role of the function. No key is stored.'),
  writesPerSecond: z
    .union([z.int().min(1).max(MAX_WRITES_PER_SECOND), z.literal('unlimited')])
    .meta({ examples: [DEFAULT_WRITES_PER_SECOND] })
    .default(DEFAULT_WRITES_PER_SECOND)
    .describe(
      'Maximum of writes per second, over all functions of the stack. A delivery makes three. `unlimited` is for measurements.',
    ),
  limits: z
    .strictObject({
      inFlight: z.int().min(1).max(200).default(16).describe('Maximum of concurrent calls of each function.'),
      perSecond: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe('Maximum of calls in any second, reads included, of each function.'),
      timeoutSeconds: z.int().min(1).max(300).default(30).describe('Timeout of one call, including its response.'),
    })
    .prefault({})
    .describe('Limits on the load of the store.'),
});

/** Entry of type `kv-v2` under `stores` in relay.yaml. */
export type KvSettings = z.output<typeof kvSettings>;
