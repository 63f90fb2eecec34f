import { readFileSync } from 'node:fs';
import { type RelayConfig, relayConfigSchema } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** In a bundle, this module's own address is that of the bundle. */
const BESIDE_THE_BUNDLE = new URL('relay.json', import.meta.url);

/**
 * The configuration that was reviewed and deployed, with every default filled in and each CA as PEM text. Read it once,
 * at cold start.
 *
 * @throws RelayError `ConfigurationInvalid` when it is missing or was made by another version of the relay.
 */
export const readBundledConfig = (address: URL = BESIDE_THE_BUNDLE): RelayConfig => {
  try {
    // Compiling the schema pays off when it parses often; a cold start parses once.
    return relayConfigSchema.parse(JSON.parse(readFileSync(address, 'utf8')), { jitless: true });
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      'The relay.json beside this function is missing or does not fit the function. Deploy the stack again.',
      { cause },
    );
  }
};
