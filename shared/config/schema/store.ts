import * as z from 'zod';
import { httpsAddress } from '#shared/config/schema/connection.ts';

/**
 * Settings common to all stores outside of AWS, as a raw shape. A store type spreads them into its settings, beside
 * `type`. The network of the functions permits the port of `url`, and the loader replaces a path in `ca` by the PEM
 * text.
 */
export const commonStore = {
  url: httpsAddress('address of the store', 'https://store.example.com:8200'),
  ca: z
    .string()
    .min(1)
    .meta({ examples: ['ca.pem'] })
    .optional()
    .describe("Path, from relay.yaml, of a PEM file with the CA that signed the store's certificate; or the PEM text."),
};
