import * as z from 'zod';
import { wrongFormat } from '#shared/config/schema/fields.ts';

/** Nothing but the place: an address with a user, a password or a query in it would put a credential into a reviewed file. */
const isBareAddress = (address: string): boolean => {
  const { username, password, search, hash } = new URL(address);
  return username + password + search + hash === '';
};

/** An https address without a slash at its end. `what` is its name in words, such as `address of the public API`. */
export const httpsAddress = (what: string, example: string) =>
  z
    .url({ protocol: /^https$/, abort: true, error: wrongFormat(`use the https ${what}, such as ${example}`) })
    .refine(isBareAddress, 'leave user, password, query and fragment out of the address')
    .transform((url) => url.replace(/\/+$/, ''))
    .describe(`${what.replace(/^./, (letter) => letter.toUpperCase())}, such as ${example}.`);

/**
 * What every connection has, as a raw shape: a type of connection spreads it into its settings, beside `type`. One with more
 * to say about its address puts a `url` of its own over it, made by {@link httpsAddress}.
 */
export const commonConnection = {
  url: httpsAddress('address of the vault', 'https://pam.example.com'),
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
};
