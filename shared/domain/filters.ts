/**
 * Filters of a value's placeholders, such as `url` in `{credential:url}`. Each writes a text so that a reader of one
 * language reads back exactly that text. Pure and deterministic.
 */

/** Writes a text in a language; undefined if the language has no form for it. */
type Filter = (text: string) => string | undefined;

/** Characters that RFC 3986 reserves (section 2.2) and `encodeURIComponent` keeps. */
const RESERVED = /[!'()*]/g;

const percentByte = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const XML_REFERENCES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  // A parser would turn these into spaces in an attribute, and line endings into line feeds everywhere.
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
]);

/** Characters outside of `Char` in XML 1.0 (section 2.2), which not even a reference can express. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the standard excludes exactly these.
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

/** Characters that JSON may contain and YAML 1.2 (section 5.1) may not, or reads as a line break or a mark. */
const NOT_YAML = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g;

const asWellFormed =
  (write: Filter): Filter =>
  (text) =>
    text.isWellFormed() ? write(text) : undefined;

const FILTERS = {
  /** One component of a URI: every character except the unreserved ones of RFC 3986 is percent-encoded as UTF-8. */
  url: asWellFormed((text) => encodeURIComponent(text).replace(RESERVED, percentByte)),
  /** The inside of a JSON string, without its quotes. Also of a YAML string in double quotes. */
  json: (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll(NOT_YAML, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  /** Standard base64 of the UTF-8 bytes, with padding (RFC 4648, section 4). */
  base64: asWellFormed((text) => Buffer.from(text).toString('base64')),
  /** One word of a POSIX shell, with its single quotes. */
  shell: asWellFormed((text) => (text.includes('\0') ? undefined : `'${text.replaceAll("'", `'\\''`)}'`)),
  /** The text of an XML element, or of an attribute in quotes. */
  xml: asWellFormed((text) =>
    NOT_XML.test(text)
      ? undefined
      : text.replaceAll(/[&<>"'\t\n\r]/g, (character) => XML_REFERENCES.get(character) ?? character),
  ),
  /** The text itself, where the template's author has decided that nothing is to be encoded. */
  raw: (text) => text,
} as const satisfies Readonly<Record<string, Filter>>;

/** Name of a filter. */
export type FilterName = keyof typeof FILTERS;

/** Names of all filters, in the order of the documentation. */
export const FILTER_NAMES: readonly string[] = Object.keys(FILTERS);

/** True for the name of a filter. Only own names count, so `constructor` is none. */
export const isFilterName = (name: string): name is FilterName => Object.hasOwn(FILTERS, name);

/**
 * Writes a text with a filter. Returns undefined if the filter's language cannot express it: half of a surrogate pair
 * everywhere but in `json` and `raw`, NUL in `shell`, and most control characters in `xml`.
 */
export const applyFilter = (name: FilterName, text: string): string | undefined => FILTERS[name](text);
