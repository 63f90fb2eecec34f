import { encodeQuoted } from '#shared/domain/naming.ts';
import type { StoreRules } from '#shared/stores/store.ts';

/** AWS takes names of ASCII letters, digits and these. Source: CreateSecret, `Name`. */
const NAME_CHARACTER = /^[A-Za-z0-9/_+=.@-]$/;

/**
 * AWS advises against names that end like an ARN's suffix: a look-up by partial ARN would take one for the other.
 * Source: CreateSecret, `Name`.
 */
const withoutArnSuffix = (name: string): string => name.replace(/-(?=[A-Za-z0-9]{6}$)/, '=2D');

/** What Secrets Manager takes and can do. Sources: API reference, and its quotas "Secret value size" and "Secret name". */
export const awsSecretsManagerRules = {
  name: {
    store: 'Secrets Manager',
    maxLength: 512,
    allowed: { words: 'letters, digits and /_+=.@-', test: (character) => NAME_CHARACTER.test(character) },
    encodePart: encodeQuoted(/[^A-Za-z0-9_+.@-]/gu),
    finish: withoutArnSuffix,
    badEnding: (text) =>
      /-[A-Za-z0-9]{6}$/.test(text)
        ? 'ends in a hyphen and six characters, as the ARN of a secret does; end it differently'
        : undefined,
  },
  /** Those of a text in UTF-8. */
  valueBytes: 65_536,
  binary: true,
  readable: true,
  fence: 'before',
  recovery: 'days',
} as const satisfies StoreRules;
