import { decodeQuoted, encodeQuoted } from '#shared/domain/naming.ts';
import type { StoreRules } from '#shared/stores/store.ts';

/** A character that means the same in a path, a URL, a shell and a policy. */
const NAME_CHARACTER = /^[A-Za-z0-9/_+.@-]$/;

const encodePart = encodeQuoted(/[^A-Za-z0-9_+.@-]/gu);

/** Segments that the server or a proxy would remove from a path. No other name has these encodings. */
const REMOVED: readonly (readonly [segment: string, encoded: string])[] = [
  ['', '='],
  ['.', '=2E'],
  ['..', '=2E=2E'],
];

const replaceSegments = (name: string, replacements: ReadonlyMap<string, string>): string =>
  name
    .split('/')
    .map((segment) => replacements.get(segment) ?? segment)
    .join('/');

const ENCODED = new Map(REMOVED);
const DECODED = new Map(REMOVED.map(([segment, encoded]) => [encoded, segment]));

/**
 * Limits and abilities of KV version 2. The server limits neither names nor the number of keys. The length is that of a
 * path which still fits into a key of Consul, 512 bytes with the prefixes of the server. Source for values: "Limits and
 * maximums" of Vault, JSON string length.
 */
export const kvRules = {
  name: {
    store: 'KV version 2',
    maxLength: 400,
    allowed: { words: 'letters, digits and /_+.@-', test: (character) => NAME_CHARACTER.test(character) },
    encodePart,
    finish: (name) => replaceSegments(name, ENCODED),
    reading: {
      decodePart: decodeQuoted(encodePart),
      unfinish: (name) => replaceSegments(name, DECODED),
      finishReason:
        'A server removes an empty segment and one of dots from a path, so they are written as =, =2E and =2E=2E.',
    },
    badEnding: (text) => (text.endsWith('/') ? 'ends in a slash, like a folder; remove the slash' : undefined),
  },
  /** For text, its bytes in UTF-8. */
  valueBytes: 1_048_576,
  binary: false,
  readable: true,
  fence: 'before',
  recovery: 'fixed',
} as const satisfies StoreRules;
