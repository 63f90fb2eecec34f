import type { YAMLError } from 'yaml';
import type { Offence } from '#shared/config/yaml-tokens.ts';

/** Translates the errors of the YAML parser into messages that show the fix. No message repeats the text. */

const AFTER_BRACKET =
  'an unquoted { or [ begins a map or a list, which ends before this text does; put the whole text in quotes, such as "{systemName}/{accountName}", and write one pattern for each alternative, such as [db-*, app-*]';

/** Start of the bracket pair that ends just before an offset, in the same line. Undefined if there is none. */
const openingBefore = (text: string, offset: number): number | undefined => {
  let depth = 0;
  for (let at = text.slice(0, offset).trimEnd().length - 1; at >= 0 && text[at] !== '\n'; at -= 1) {
    const character = text.charAt(at);
    if ('}]'.includes(character)) depth += 1;
    else if ('{['.includes(character)) depth -= 1;
    if (depth === 0) return '{['.includes(character) ? at : undefined;
  }
  return undefined;
};

const QUOTE_IT = 'put the whole text in quotes';

const FIXES: readonly [of: RegExp, fix: string][] = [
  [
    /^BAD_DQ_ESCAPE/,
    String.raw`in double quotes a backslash begins an escape; use single quotes, such as 'CORP\svc-*'`,
  ],
  [/^BAD_SCALAR_START/, `text cannot begin with this character; ${QUOTE_IT}, such as "@corp-*"`],
  [
    /^NON_STRING_KEY/,
    'a list or a map is used as a key, which must be text; put it in quotes, such as "{accountName}"',
  ],
  [/^TAB_AS_INDENT/, 'a tab is used for indentation; use spaces'],
  [
    /[Qq]uote|^MISSING_CHAR.*scalar/,
    `a quote is not closed; close it, or ${QUOTE_IT} of the other kind, such as "it's"`,
  ],
  [/^MISSING_CHAR.*Missing , /, `a comma is missing between two entries; add it, or ${QUOTE_IT}, such as "it's"`],
  [/ flow map |^MISSING_CHAR.*\}/i, 'a { is not closed; close it with }, or indent its lines more than the key'],
  [/ flow sequence |^MISSING_CHAR.*\]/i, 'a [ is not closed; close it with ], or indent its lines more than the key'],
  [
    /Nested mappings|Implicit keys|Implicit map keys|BLOCK_AS_IMPLICIT_KEY/,
    `a colon and a space begin a value; ${QUOTE_IT}, such as "a: b"`,
  ],
  [/Block collections/, `a hyphen and a space begin a list, which cannot be in brackets; ${QUOTE_IT}, such as "-"`],
  [
    /^BAD_INDENT|same column|indent/i,
    'the line is indented differently from the other lines of its map or list; indent it like them',
  ],
  [/Anchor ending in :/, 'the name of an anchor ends in a colon; remove the colon'],
  [/^BAD_ALIAS/, 'an unquoted & begins a YAML anchor; put the text in quotes, such as "&db"'],
];

const ELSE = `is not valid YAML; ${QUOTE_IT}, or correct the line`;

/** Writes an error or warning of the parser in the relay's own words. Pure. */
export const explain = ({ code, message, pos: [offset] }: YAMLError, text: string): Offence => {
  const opening = code === 'UNEXPECTED_TOKEN' ? openingBefore(text, offset) : undefined;
  if (opening !== undefined) return { offset: opening, message: AFTER_BRACKET };
  const fix = FIXES.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
  return { offset, message: fix ?? ELSE };
};
