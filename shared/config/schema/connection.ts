import * as z from 'zod';
import { secretName, wrongFormat } from '#shared/config/schema/fields.ts';

/** True for an address without user, password, query and fragment, any of which could expose a credential. */
const isBareAddress = (address: string): boolean => !/[@?#]/.test(address);

/** Longest address that all clients accept. */
const MAX_ADDRESS_LENGTH = 2048;

/**
 * Schema of an https address; removes trailing slashes. `what` names it in messages, such as `address of the public
 * API`.
 */
export const httpsAddress = (what: string, example: string) =>
  z
    .url({ protocol: /^https$/, abort: true, error: wrongFormat(`use the https ${what}, such as ${example}`) })
    .meta({ examples: [example] })
    .refine(isBareAddress, 'remove user, password, query and fragment from the address')
    .refine(({ length }) => length <= MAX_ADDRESS_LENGTH, 'is too long; use the address of the vault alone')
    .transform((url) => url.replace(/\/+$/, ''))
    .describe(`${what.replace(/^./, (letter) => letter.toUpperCase())}, such as ${example}.`);

const PROXY_EXAMPLE = 'http://proxy.corp:3128';

const proxy = z.strictObject({
  url: z
    .url({
      protocol: /^http$/,
      abort: true,
      error: wrongFormat(
        `use the http address of the proxy, such as ${PROXY_EXAMPLE}; put credentials into its secret`,
      ),
    })
    .refine(
      (address) => isBareAddress(address) && new URL(address).pathname === '/',
      'remove everything after the port, and any user and password, which belong into the secret',
    )
    .meta({ examples: [PROXY_EXAMPLE] })
    .transform((address) => address.replace(/\/$/, ''))
    .describe(`Address of the proxy, such as ${PROXY_EXAMPLE}.`),
  secret: secretName
    .meta({ examples: ['bootstrap/proxy'] })
    .optional()
    .describe(
      'Name of the Secrets Manager secret that holds {"username": "…", "password": "…"}, if the proxy requires credentials.',
    ),
});

/**
 * Settings common to all connections, as a raw shape. A connection type spreads them into its settings, beside `type`.
 * A type with a more specific address overrides `url` with its own {@link httpsAddress}. The names of further addresses
 * end in `Url`: the network of the functions permits their ports as well.
 */
export const commonConnection = {
  url: httpsAddress('address of the vault', 'https://pam.example.com'),
  ca: z
    .string()
    .min(1)
    .meta({ examples: ['ca.pem'] })
    .optional()
    .describe("Path, from relay.yaml, of a PEM file with the CA that signed the vault's certificate; or the PEM text."),
  proxy: proxy
    .optional()
    .describe('HTTP proxy between the relay and the vault. It opens a tunnel (CONNECT) and sees no content.'),
  limits: z
    .strictObject({
      inFlight: z
        .int()
        .min(1)
        .max(200)
        .default(16)
        .describe('Maximum of concurrent calls to the vault, over all functions of the stack.'),
      perSecond: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe(
          'Maximum of calls to the vault in any second, over all functions of the stack. Calls in flight count, so a vault that answers in 100 ms receives up to a tenth less.',
        ),
      timeoutSeconds: z.int().min(1).max(300).default(30).describe('Timeout of one call, including its response.'),
    })
    .prefault({})
    .describe('Limits on the load of the vault.'),
};
