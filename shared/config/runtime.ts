import { readFileSync } from 'node:fs';
import { type RelayConfig, relayConfigSchema } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** In a bundle, the URL of this module is the URL of the bundle. */
const BESIDE_THE_BUNDLE = new URL('relay.json', import.meta.url);

/**
 * Reads the deployed configuration, with every default filled in and each CA as PEM text. Call it once, at cold start.
 *
 * @throws RelayError `ConfigurationInvalid` if it is missing or was made by another version of the relay.
 */
export const readBundledConfig = (address: URL = BESIDE_THE_BUNDLE): RelayConfig => {
  try {
    // Compiling the schema would cost more than it saves, because a cold start parses once.
    return relayConfigSchema.parse(JSON.parse(readFileSync(address, 'utf8')), { jitless: true });
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      'The relay.json of this function is missing or was made by another version of the relay. Deploy the stack again.',
      { cause },
    );
  }
};
