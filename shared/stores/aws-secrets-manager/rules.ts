import { decodeQuoted, encodeQuoted } from '#shared/domain/naming.ts';
import type { StoreRules } from '#shared/stores/store.ts';

/** A character that AWS allows in names. Source: CreateSecret, `Name`. */
const NAME_CHARACTER = /^[A-Za-z0-9/_+=.@-]$/;

/**
 * AWS advises against names that end like the suffix of an ARN, because a lookup by partial ARN can confuse the two.
 * Source: CreateSecret, `Name`.
 */
const withoutArnSuffix = (name: string): string => name.replace(/-(?=[A-Za-z0-9]{6}$)/, '=2D');

/** No part contains `=2D` before {@link withoutArnSuffix}, because a hyphen is allowed and an equals sign is not. */
const withArnSuffix = (name: string): string => name.replace(/=2D(?=[A-Za-z0-9]{6}$)/, '-');

const encodePart = encodeQuoted(/[^A-Za-z0-9_+.@-]/gu);

/**
 * Limits and abilities of Secrets Manager. Sources: API reference, and its quotas "Secret value size" and "Secret
 * name".
 */
export const awsSecretsManagerRules = {
  name: {
    store: 'Secrets Manager',
    maxLength: 512,
    allowed: { words: 'letters, digits and /_+=.@-', test: (character) => NAME_CHARACTER.test(character) },
    encodePart,
    finish: withoutArnSuffix,
    reading: {
      decodePart: decodeQuoted(encodePart),
      unfinish: withArnSuffix,
      finishReason:
        'The name would end in a hyphen and six letters or digits, like the ARN of a secret, so this hyphen is written as =2D.',
    },
    badEnding: (text) =>
      /-[A-Za-z0-9]{6}$/.test(text)
        ? 'ends in a hyphen and six characters, like the ARN of a secret; change the ending'
        : undefined,
  },
  /** For text, its bytes in UTF-8. */
  valueBytes: 65_536,
  binary: true,
  readable: true,
  fence: 'before',
  recovery: 'days',
} as const satisfies StoreRules;
