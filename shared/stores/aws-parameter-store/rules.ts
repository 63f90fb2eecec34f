import { decodeQuoted, encodeQuoted } from '#shared/domain/naming.ts';
import type { StoreRules } from '#shared/stores/store.ts';

/**
 * Limits of Parameter Store. Source: Systems Manager API reference, PutParameter, `Name`, `Value` and `Tier`, and the
 * Systems Manager user guide, "Constraints on parameter names".
 */

/** A character that AWS allows in names. */
const NAME_CHARACTER = /^[A-Za-z0-9_./-]$/;

/** AWS counts 1,011 characters with the ARN before the name. This fits the ARNs of all partitions and regions. */
const MAX_NAME = 950;

const MAX_LEVELS = 15;

/** Maximum size of a value in bytes, by tier. */
export const TIER_BYTES = { standard: 4096, advanced: 8192 } as const;
export type Tier = keyof typeof TIER_BYTES;

/** An underscore is encoded only where it would look like an escape, because names of accounts often contain one. */
const encodePart = encodeQuoted(/[^A-Za-z0-9_.-]|_(?=[0-9A-F]{2})/gu, '_');

export const awsParameterStoreRules = {
  name: {
    store: 'Parameter Store',
    maxLength: MAX_NAME,
    allowed: { words: 'letters, digits and /_.-', test: (character) => NAME_CHARACTER.test(character) },
    encodePart,
    finish: (name) => `/${name}`,
    reading: {
      decodePart: decodeQuoted(encodePart, '_'),
      unfinish: (name) => name.replace(/^\//, ''),
      finishReason: 'Parameter Store requires a slash before the first folder of a name.',
    },
    badBeginning: (text) => {
      if (text.startsWith('/')) return 'begins with a slash; remove it, because the relay adds it in Parameter Store';
      return /^(aws|ssm)/i.test(text)
        ? `begins with ${text.slice(0, 3)}, which AWS reserves in Parameter Store; use another folder`
        : undefined;
    },
    badName: (name) => {
      const levels = name.split('/').length - 1;
      return levels > MAX_LEVELS
        ? `would have ${levels} levels; Parameter Store allows ${MAX_LEVELS}. Use fewer folders in the name template`
        : undefined;
    },
  },
  /** In the advanced tier. */
  valueBytes: TIER_BYTES.advanced,
  binary: false,
  readable: true,
  fence: 'after',
  recovery: 'none',
} as const satisfies StoreRules;
